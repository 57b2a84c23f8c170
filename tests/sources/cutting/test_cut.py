"""The packets of a wanted flow are found in both directions, within its time, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clan.errors import SinkError
from clan.sources import WantedFlow, cut_flows, read_flows, write_pcap

SAMPLE = str(Path(__file__).parents[3] / "samples" / "alpha-mixed.pcapng.zst")


def wanted(row: dict[str, Any]) -> WantedFlow:
    """A row of the flow table as what is looked for."""
    return WantedFlow(**{name: row[name] for name in WantedFlow._fields})


def test_packets_of_flows_are_cut_and_make_the_same_flows(tmp_path: Path) -> None:
    flows = read_flows([SAMPLE]).filter(pl.col("fwd_pkt_cnt") > 1)
    flows = flows.with_columns(first_us=pl.col("ts_start").dt.epoch("us"), last_us=pl.col("ts_end").dt.epoch("us"))
    chosen = flows.filter(pl.col("protocol").is_in([6, 17])).gather_every(400)
    frames = cut_flows([SAMPLE], [wanted(row) for row in chosen.iter_rows(named=True)], most=100_000)
    counts = (chosen["fwd_pkt_cnt"] + chosen["bwd_pkt_cnt"]).to_list()
    assert [len(each) for each in frames] == counts
    path = tmp_path / "cut.pcap"
    assert write_pcap(path, [frame for each in frames for frame in each]) == sum(counts)
    again = read_flows([str(path)])
    same = (
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "protocol",
        "ts_start",
        "ts_end",
        "fwd_pkt_cnt",
        "fwd_pkt_len_tot",
    )
    assert sorted(again.select(same).rows()) == sorted(chosen.select(same).rows())


def test_packets_are_bounded_and_other_times_left_out(tmp_path: Path) -> None:
    row = read_flows([SAMPLE]).filter(protocol=6).sort("fwd_pkt_cnt", descending=True).head(1).with_columns(
        first_us=pl.col("ts_start").dt.epoch("us"), last_us=pl.col("ts_end").dt.epoch("us")
    ).row(0, named=True)  # fmt: skip
    flow = wanted(row)
    assert [len(each) for each in cut_flows([SAMPLE], [flow], most=7)] == [7]
    assert cut_flows([SAMPLE], [flow._replace(first_us=0, last_us=1), flow._replace(src_ip="no address")]) == [[], []]
    with pytest.raises(SinkError, match="packets cannot be written"):
        write_pcap(tmp_path / "nowhere" / "a.pcap", [])
