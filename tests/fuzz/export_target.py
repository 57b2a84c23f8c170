"""What the fuzzer of exports runs: datagrams of an exporter, with the promises checked."""

from __future__ import annotations

import struct

import polars as pl
from tests.sources.netflow.export import V4_FIELDS, ipfix, record_set, template, v4_record, v5, v9

from clan.sources.netflow.exporter import Exporter


def seeds() -> list[bytes]:
    """List the inputs: a letter, then datagrams behind their lengths."""
    fields = ((8, 4), (12, 4), (82, 65535), (1, 4), (153, 8))
    exports = [
        [v5([v4_record()] * 3, sampling=10)],
        [v9(template(256, V4_FIELDS), record_set(256, v4_record() * 2)), v9(record_set(256, v4_record()), sequence=1)],
        [v9(template(512, ((1, 4), (48, 1), (34, 4)), scopes=1), record_set(512, bytes([0, 0, 0, 0, 1, 0, 0, 0, 9])))],
        [ipfix(record_set(300, bytes(60))), ipfix(template(300, fields, ipfix=True), record_set(300, bytes(90)))],
    ]
    return [b"D" + b"".join(struct.pack(">H", len(d)) + d for d in datagrams) for datagrams in exports]


def read_exports(data: bytes) -> pl.DataFrame | None:
    """Hand datagrams in, one after the other; gives the flows, None where there are none."""
    exporter, at, batches = Exporter("192.0.2.1"), 1, []
    while at + 2 <= len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        exporter.feed(data[at + 2 : at + 2 + size])
        batches += list(exporter.flows(at))
        at += 2 + size
    batches += list(exporter.finish())
    if not batches:
        return None
    flows = pl.concat(batches)
    assert (flows["conn_duration"] >= 0).all()
    assert flows["uid"].n_unique() == flows.height <= exporter.counts["records"]
    return flows
