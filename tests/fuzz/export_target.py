"""What the fuzzer of records runs: datagrams of an exporter, Argus lines and tables, with the promises checked."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import polars as pl
from tests.sources.netflow.export import V4_FIELDS, ipfix, record_set, template, v4_record, v5, v9

from clan.errors import ClanError
from clan.sources import FlowReader
from clan.sources.netflow.exporter import Exporter

ARGUS = (
    b"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"
    b"2019/04/04 16:24:47.672448,63.8,tcp,10.8.0.69,56101,   ->,14.1.11.113,0x3e7,S_RA,0,0,31,8764,1887,15,x\n"
)
TABLE = b"src_ip;bytes;packets;word\n10.0.0.1;12.5;3;a\n10.0.0.2;-;1e9;b\n"


def seeds() -> list[bytes]:
    """List the inputs: a letter for the kind, then datagrams behind their lengths, or a file."""
    fields = ((8, 4), (12, 4), (82, 65535), (1, 4), (153, 8))
    exports = [
        [v5([v4_record()] * 3, sampling=10)],
        [v9(template(256, V4_FIELDS), record_set(256, v4_record() * 2)), v9(record_set(256, v4_record()), sequence=1)],
        [v9(template(512, ((1, 4), (48, 1), (34, 4)), scopes=1), record_set(512, bytes([0, 0, 0, 0, 1, 0, 0, 0, 9])))],
        [ipfix(record_set(300, bytes(60))), ipfix(template(300, fields, ipfix=True), record_set(300, bytes(90)))],
    ]
    made = [b"D" + b"".join(struct.pack(">H", len(d)) + d for d in datagrams) for datagrams in exports]
    return [*made, b"A" + ARGUS, b"T" + TABLE]


def read_records(data: bytes) -> pl.DataFrame | None:
    """Read records; gives the flows, or None where they are refused with an error of clan's own."""
    if data[:1] == b"D":
        return _listen(data[1:])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input")
        path.write_bytes(data[1:])
        reader = None
        try:
            reader = FlowReader([str(path)], format_name="argus" if data[:1] == b"A" else "csv", workers=1)
            flows = pl.concat(list(reader.batches()))
        except ClanError:
            return None
    counts = reader.report.counts
    assert flows.height + counts["malformed_records"] + counts["records_of_other_types"] == counts["records"], counts
    return flows


def _listen(data: bytes) -> pl.DataFrame | None:
    """Hand datagrams in, one after the other."""
    exporter, at, batches = Exporter("192.0.2.1"), 0, []
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
