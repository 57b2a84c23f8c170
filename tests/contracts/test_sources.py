"""What every source of flows promises: schema, order, counts, and that it can be closed at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.flows import build
from tests.sources.packets.capture import conversation
from tests.sources.suricata.events import flow, lines
from tests.sources.zeek.logs import connections, text

from clan.errors import SourceUnavailable
from clan.flows import FlowSettings
from clan.schema import CARRIED, IDENTITY, features_of
from clan.sources import FORMATS, Source


def schema_of(format_name: str) -> dict[str, pl.DataType]:
    """The columns of a format's tables, where nobody asks for other groups."""
    entry = FORMATS[format_name]
    carried = {} if entry.kind == "packets" else CARRIED
    groups = ("conn",) if entry.kind == "table" else entry.groups[:1]  # what the examples of tables are made of
    return {**IDENTITY, **carried, **{f.name: f.dtype for f in features_of(groups)}}


def write_pcap(path: Path) -> int:
    """A capture with 20,000 flows, more than one batch; gives the flows."""
    path.write_bytes(build.pcap([*conversation(10_000), *conversation(9_998, start=build.START_US + 500_000_000)]))
    return 20_000


def write_zeek(path: Path) -> int:
    """A conn.log that is written a little out of order."""
    path.write_text(text(connections(70_000)))
    return 70_000


def write_eve(path: Path) -> int:
    """Events of flows, written a little out of order."""
    path.write_text(lines([flow(i) for n in range(0, 4000, 4) for i in (n + 1, n, n + 3, n + 2)]))
    return 4000


def write_argus(path: Path) -> int:
    """Records of one side's SYN and the other's answer, a little out of order."""
    head = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label"
    when = (START + timedelta(seconds=i // 2 * 2 + (1 - i % 2)) for i in range(70_000))
    rows = (
        f"{t:%Y/%m/%d %H:%M:%S.%f},0.5,tcp,10.0.0.1,{1024 + i % 60_000},   ->,10.0.0.2,0x0050,S_SA,0,0,2,120,60,1,"
        for i, t in enumerate(when)
    )
    path.write_text("\n".join([head, *rows]) + "\n")
    return 70_000


def table() -> pl.DataFrame:
    """Flows as `clan flows` writes them."""
    n = 200_000
    i = pl.int_range(n)
    identity = {
        "uid": i.cast(pl.String).str.zfill(6), "community_id": pl.lit("1:x"), "ts_start": pl.lit(START),
        "ts_end": pl.lit(START) + pl.duration(seconds=i),
        "src_ip": pl.lit("10.0.0.1"), "src_port": i % 60_000, "dst_ip": pl.lit("10.0.0.2"), "dst_port": pl.lit(80),
        "protocol": pl.lit(6), "vlan": pl.lit(None), "tunnel": pl.lit(None),
    }  # fmt: skip
    features = {f.name: (i % 7).cast(f.dtype) for f in features_of(["conn"])}
    return pl.select([expr.alias(name) for name, expr in (identity | features).items()])


def write_csv(path: Path) -> int:
    """A table that is large enough for more than one batch."""
    flows = table()
    flows.with_columns(source=pl.lit(str(path))).select(*IDENTITY, *flows.columns[11:]).write_csv(path)
    return flows.height


def write_parquet(path: Path) -> int:
    """The same table."""
    flows = table()
    flows.with_columns(source=pl.lit(str(path))).select(*IDENTITY, *flows.columns[11:]).write_parquet(path)
    return flows.height


def write_ndjson(path: Path) -> int:
    """Some of the same table, of which a line takes two kilobytes."""
    flows = table().head(20_000)
    flows.with_columns(source=pl.lit(str(path))).select(*IDENTITY, *flows.columns[11:]).write_ndjson(path)
    return flows.height


START = datetime(2024, 5, 1, tzinfo=UTC)

WRITERS: dict[str, Callable[[Path], int]] = {
    "pcap": write_pcap,
    "zeek": write_zeek,
    "eve": write_eve,
    "argus": write_argus,
    "csv": write_csv,
    "parquet": write_parquet,
    "ndjson": write_ndjson,
}
"""For each format, how to make an example of it."""


def test_every_format_has_an_example() -> None:
    assert WRITERS.keys() == FORMATS.keys() - {"nfdump"}  # which nfcapd writes: tests/sources/netflow/test_nfdump.py


@pytest.fixture(scope="module", params=sorted(WRITERS))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, int]:
    path = tmp_path_factory.mktemp("source") / "example"
    return request.param, path, WRITERS[request.param](path)


def open_source(example: tuple[str, Path, int]) -> Source:
    return FORMATS[example[0]].open([str(example[1])], FlowSettings(), strict=True)


def test_batches(example: tuple[str, Path, int]) -> None:
    source = open_source(example)
    batches = list(source.batches())
    assert all(dict(batch.schema) == schema_of(example[0]) for batch in batches)
    flows = pl.concat(batches)
    assert flows.height == example[2]
    assert min(batch.height for batch in batches) > 0
    assert flows.select("ts_end", "uid").equals(flows.select("ts_end", "uid").sort("ts_end", "uid"))
    assert flows["uid"].n_unique() == flows.height
    always = ["uid", "community_id", "ts_start", "ts_end", "src_ip", "dst_ip", "protocol", "source"]
    assert flows.select(always).null_count().sum_horizontal().item() == 0
    assert flows["source"].unique().to_list() == [source.name] == [str(example[1])]
    numbers = flows.select(name for name, dtype in schema_of(example[0]).items() if dtype == pl.Float64())
    assert numbers.select(pl.all().is_finite().all()).sum_horizontal().item() == numbers.width
    assert source.bytes_read == example[1].stat().st_size
    assert source.warnings() == []
    source.close()
    source.close()


def test_counts_can_be_asked_at_any_time_and_account_for_everything(example: tuple[str, Path, int]) -> None:
    source = open_source(example)
    assert not any(source.counts().values())
    seen = 0
    for batch in source.batches():
        seen += batch.height
        assert source.counts()["flows"] >= seen
    assert source.counts()["flows"] == seen
    assert all(isinstance(value, int) and value >= 0 for value in source.counts().values())
    source.close()


def test_closing_before_during_and_after(example: tuple[str, Path, int]) -> None:
    """Nothing is left open (a file that is would be a warning, and warnings are errors)."""
    open_source(example).close()
    source = open_source(example)
    next(source.batches())
    source.close()
    source.close()


def test_settings_are_what_a_model_remembers(example: tuple[str, Path, int]) -> None:
    source = open_source(example)
    assert dict(source.settings) == (FlowSettings().manifest() if source.kind == "packets" else {})
    assert source.kind == FORMATS[example[0]].kind
    source.close()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot read"):
        FORMATS[name].open([str(tmp_path / "missing")], FlowSettings(), strict=False)
