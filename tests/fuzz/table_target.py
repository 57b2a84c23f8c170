"""What the fuzzer of tables runs: files of Argus lines, CSV and Parquet, with the promises checked."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import polars as pl

from clan.errors import ClanError
from clan.sources import FlowReader

FORMATS = {"argus": b"A", "csv": b"T", "parquet": b"P"}
"""The first byte of an input for each format."""
ARGUS = (
    b"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"
    b"2019/04/04 16:24:47.672448,63.8,tcp,10.8.0.69,56101,   ->,14.1.11.113,0x3e7,S_RA,0,0,31,8764,1887,15,x\n"
    b"2019/04/04 16:24:47.672449,0.000000,icmp,10.8.0.69,0x0008,  <->,fd00::1,0x0300,ECO,0,,2,196,98,1,\n"
    b"1970/01/01 01:00:00,0.0,llc,00:00:00:00:00:00,0,   ->,00:00:00:00:00:00,0,INT,,,1,60,60,1,flow=Background\n"
)
OLD_ARGUS = (
    b"StartTime\tDur\tProto\tSrcAddr\tSport\tDir\tDstAddr\tDport\tState\tTotPkts\tTotBytes\tSrcBytes\n"
    b"2019-04-04T16:24:47.672448\t1.5\t17\t10.8.0.69\t53\t->\t10.8.0.1\t53\tCON\t4\t400\t100\n"
)
TABLES = (
    b"src_ip;bytes;packets;word\n10.0.0.1;12.5;3;a\n10.0.0.2;-;1e9;b\n",
    b"Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration,"
    b" Total Fwd Packets, Total Backward Packets,Total Length of Fwd Packets, Total Length of Bwd Packets, Label\n"
    b"1.1.1.1-2.2.2.2-1-2-6,1.1.1.1,1,2.2.2.2,2,6,5/7/2017 8:42,38308,1,1,6,6,BENIGN\n"
    b"1.1.1.1-2.2.2.2-1-2-6,1.1.1.1,1,2.2.2.2,2,6,05/07/2017 08:42:07 PM,Infinity,1,NaN,6,6,DoS\n",
    b"id,src_ip,src_port,dst_ip,dst_port,protocol,bidirectional_first_seen_ms,bidirectional_last_seen_ms,"
    b"bidirectional_duration_ms,bidirectional_packets,src2dst_packets,src2dst_bytes,dst2src_packets,dst2src_bytes\n"
    b"0,10.1.2.7,1024,192.0.2.9,53,17,1700000000000,1700000000100,100,3,2,200,1,90\n",
    b"IPV4_SRC_ADDR,L4_SRC_PORT,IPV4_DST_ADDR,L4_DST_PORT,PROTOCOL,L7_PROTO,IN_BYTES,OUT_BYTES,IN_PKTS,OUT_PKTS,"
    b"TCP_FLAGS,FLOW_DURATION_MILLISECONDS,Label,Attack\n149.171.126.0,62073,59.166.0.5,56082,6,0.0,9672,416,11,8,25,15,0,-\n",
    b"0,tcp,http,SF,215,45076,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,1,1,0.00,0.00,0.00,0.00,1.00,0.00,0.00,0,0,0.00,0.00,"
    b"0.00,0.00,0.00,0.00,0.00,0.00,normal,20\n",
    b'"a","b","c"\r\n"1,5","2",x\r\n3,"4\n5",y\r\n',
)


def parquet() -> bytes:
    """A Parquet file of a few columns of different types."""
    out = io.BytesIO()
    columns = {"src_ip": ["10.0.0.1", None], "bytes": [1.5, float("nan")], "n": [1, 2], "yes": [True, None]}
    pl.DataFrame(columns).write_parquet(out, compression="uncompressed")
    return out.getvalue()


def seeds() -> list[bytes]:
    """List the inputs: a letter of `FORMATS`, then a file."""
    return [b"A" + ARGUS, b"A" + OLD_ARGUS, *(b"T" + table for table in TABLES), b"P" + parquet()]


def read_table(data: bytes) -> pl.DataFrame | None:
    """Read a file; gives its flows, or None where it is refused with an error of clan's own.

    Of a CSV table of even length the features are all its numbers, of another one what it tells of group conn.
    """
    form = next(name for name, letter in FORMATS.items() if data[:1] == letter)
    features = ["conn"] if form == "argus" or len(data) % 2 else ["table"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input")
        path.write_bytes(data[1:])
        try:
            reader = FlowReader([str(path)], format_name=form, features=features, workers=1)
            flows = pl.concat(list(reader.batches()))
        except ClanError:
            return None
    counts = reader.report.counts
    lost = ("malformed_records", "records_of_other_types", "duplicate_records")
    assert flows.height + sum(counts[name] for name in lost) == counts["records"], counts
    reals = flows.select(pl.selectors.float())
    assert reals.select((pl.all().is_finite() | pl.all().is_null()).all()).to_numpy().all()
    return flows
