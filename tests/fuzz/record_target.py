"""What the fuzzers of records run: lines to flows, with the promises checked."""

from __future__ import annotations

import polars as pl

from clan.errors import ClanError
from clan.sources.records import RecordParser, RecordStream
from clan.sources.suricata import EveParser
from clan.sources.zeek import ConnParser


def read_records(data: bytes) -> pl.DataFrame | None:
    """Read a log; gives its flows, or None where it is refused with an error of clan's own.

    The first byte chooses the format, so that the fuzzer reaches all.
    """
    parser: RecordParser = EveParser("fuzz") if data[:1] == b"E" else ConnParser("fuzz")
    stream = RecordStream("fuzz", parser)
    middle = data.rfind(b"\n", 0, len(data) // 2) + 1  # in two pieces, as a log that grows comes
    batches: list[pl.DataFrame] = []
    try:
        for piece in (data[1:middle], data[max(middle, 1) :]):
            batches += stream.take(piece)
    except ClanError:
        return None
    batches += stream.release()
    counts = stream.counts()
    lost = ("malformed_records", "duplicate_records", "records_of_other_types")
    joined = counts.get("netflow_events", 0)  # two of these may be one flow
    accounted = counts["flows"] + sum(counts.get(name, 0) for name in lost)
    assert accounted <= counts["records"] <= accounted + joined, counts
    flows = pl.concat(batches) if batches else None
    if flows is not None:
        always = flows.select("uid", "community_id", "ts_start", "ts_end", "src_ip", "dst_ip", "protocol")
        assert always.null_count().sum_horizontal().item() == 0
        reals = flows.select(pl.selectors.float())
        assert reals.select((pl.all().is_finite() | pl.all().is_null()).all()).to_numpy().all()
    return flows
