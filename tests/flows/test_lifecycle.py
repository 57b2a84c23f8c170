"""When flows begin and end, who their source is, and what happens when the clock or the memory misbehaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.flows.build import ACK, FIN, PSH, RST, START_US, SYN, Frame
from tests.flows.reference import Packet
from tests.flows.run import frame_of, packets_in, run

from clan.flows import FlowSettings, profile

SECOND = 1_000_000
A, B = ("10.0.0.1", 40000), ("10.0.0.2", 443)


def send(at_s: float, flags: int = ACK, *, back: bool = False, protocol: int = 6, payload: int = 0) -> Frame:
    """A packet of one conversation, `at_s` seconds after its begin."""
    (src, src_port), (dst, dst_port) = (B, A) if back else (A, B)
    flags, header = (flags, 20) if protocol == 6 else (0, 8)
    return frame_of(
        Packet(START_US + round(at_s * SECOND), src, dst, protocol, src_port, dst_port, payload, header, flags)
    )


def numbered(ts: int, i: int, protocol: int, flags: int, *, port: int = 9) -> Frame:
    """A packet of the ith of many clients."""
    client = f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"
    if protocol == 17:
        return frame_of(Packet(ts, client, B[0], 17, port, 443))
    return frame_of(Packet(ts, client, B[0], 6, port, 443, 0, 20, flags))


def lengths(frames: list[Frame], settings: FlowSettings | None = None) -> list[int]:
    """Packets of each flow, in order of the flows' begin."""
    flows, _ = run(frames, settings=settings)
    return flows.sort("ts_start").select(pl.col("fwd_pkt_cnt") + pl.col("bwd_pkt_cnt")).to_series().to_list()


@pytest.mark.parametrize(("protocol", "timeout"), [(6, 120), (17, 60), (136, 60), (132, 60)])
def test_silence_ends_a_flow(protocol: int, timeout: int) -> None:
    packets = [send(at, protocol=protocol) for at in (0, timeout, 2 * timeout)]
    assert lengths(packets) == [3]
    late = send(2 * timeout + timeout + 1e-6, protocol=protocol)
    assert lengths([*packets, late]) == [3, 1]


def test_timeouts_can_be_set() -> None:
    settings = FlowSettings(tcp_idle_timeout_s=1.5, udp_idle_timeout_s=2.5, active_timeout_s=4)
    assert lengths([send(0), send(1.5), send(3.1)], settings) == [2, 1]
    assert lengths([send(at, protocol=17) for at in (0, 2.5, 5.1)], settings) == [2, 1]
    assert lengths([send(at, protocol=17) for at in (0, 2, 4, 4.1, 5)], settings) == [3, 2]


def test_a_long_flow_is_cut_and_keeps_its_direction() -> None:
    frames = [send(0, SYN)] + [send(60 * i) for i in range(1, 31)] + [send(1801, back=True), send(1802)]
    flows, _ = run(frames)
    assert flows["fwd_pkt_cnt"].to_list() == [31, 1]
    assert flows["bwd_pkt_cnt"].to_list() == [0, 1]
    assert flows["src_ip"].to_list() == [A[0], A[0]]


def test_stragglers_of_a_closed_connection_belong_to_it() -> None:
    close = [send(0, SYN), send(1, FIN | ACK), send(2, FIN | ACK, back=True)]
    assert lengths([*close, send(3, ACK), send(8, ACK, back=True)]) == [5]
    assert lengths([*close, send(7.1, ACK)]) == [3, 1]
    assert lengths([send(0, SYN), send(1, RST, back=True), send(6.1, ACK)]) == [2, 1]


def test_one_side_that_is_done_does_not_close() -> None:
    assert lengths([send(0, SYN), send(1, FIN | ACK), send(100, ACK, back=True), send(101, FIN | ACK)]) == [4]


@pytest.mark.parametrize("back", [False, True])
def test_a_new_connection_on_closed_ports_has_its_own_direction(back: bool) -> None:
    close = [send(0, SYN), send(1, FIN | ACK), send(1.1, FIN | ACK, back=True)]
    flows, _ = run([*close, send(2, SYN, back=back), send(2.1, SYN | ACK, back=not back)])
    assert flows.sort("ts_start")["src_ip"].to_list() == [A[0], B[0] if back else A[0]]
    assert lengths([*close, send(2, SYN, back=back), send(2.1, SYN | ACK, back=not back)]) == [3, 2]


def test_an_answer_without_its_question_comes_from_the_target() -> None:
    flows, _ = run([send(0, SYN | ACK, back=True), send(0.1, ACK), send(0.2, PSH | ACK, payload=5)])
    assert flows.select("src_ip", "fwd_pkt_cnt", "bwd_pkt_cnt").rows() == [(A[0], 2, 1)]


def test_flows_leave_in_order_while_the_stream_runs() -> None:
    """70,000 flows over half an hour, of every timeout: several batches, in order of (ts_end, uid)."""
    rng = np.random.default_rng(1)
    ends = np.sort(rng.integers(0, 1800 * SECOND, 70_000))
    flags = rng.choice([ACK, RST, SYN], ends.size).tolist()
    packets = [
        numbered(START_US + int(at), i, 6 if i % 3 else 17, flags[i], port=1024 + i % 60_000)
        for i, at in enumerate(ends)
    ]
    flows, counts = run(packets)
    assert flows.height == counts["flows"] > 65_000
    assert counts["late_flows"] == 0
    assert flows.select("ts_end", "uid").equals(flows.select("ts_end", "uid").sort("ts_end", "uid"))


def test_order_holds_when_closed_flows_wait_longest() -> None:
    settings = FlowSettings(
        tcp_idle_timeout_s=1, udp_idle_timeout_s=1, other_idle_timeout_s=1, tcp_closed_timeout_s=300
    )
    packets = [numbered(START_US + i * 4000, i, 6 if i % 2 else 17, RST) for i in range(40_000)]
    flows, counts = run(packets, settings=settings)
    assert counts["late_flows"] == 0
    assert flows["ts_end"].is_sorted()


@pytest.mark.parametrize(("max_flows", "n"), [(16, 600), (64, 2000), (1000, 10_000)])
def test_a_full_table_loses_no_packet(max_flows: int, n: int) -> None:
    """Random pairs in a table that is far too small: flows leave early and are counted, packets are not lost."""
    rng = np.random.default_rng(2)
    hosts = rng.integers(0, 1 << 16, (n, 2))
    packets = [
        frame_of(Packet(START_US + i, f"10.1.{a >> 8}.{a & 255}", "10.2.0.1", 17, int(b), 53, int(b) % 100))
        for i, (a, b) in enumerate(hosts)
    ]
    packets += packets[-5:]
    flows, counts = run(packets, settings=FlowSettings(max_flows=max_flows))
    assert flows.height == counts["flows"]
    assert counts["flows"] - max_flows <= counts["evicted_flows"] < counts["flows"]
    assert counts["evicted_flows"] > n // 2
    assert packets_in(flows) == len(packets) == counts["packets_in_flows"]
    assert flows["fwd_pkt_len_tot"].sum() == sum(int(b) % 100 for _, b in hosts) + sum(
        int(b) % 100 for _, b in hosts[-5:]
    )
    assert flows["uid"].n_unique() == flows.height


def test_the_longest_silent_flow_is_evicted() -> None:
    talker = [frame_of(Packet(START_US + i * 100, "10.0.0.9", "10.0.0.8", 17, 1, 2)) for i in range(1000)]
    others = [
        frame_of(Packet(START_US + i * 100 + 50, f"10.3.{i >> 8}.{i & 255}", "10.0.0.8", 17, 1, 2)) for i in range(1000)
    ]
    flows, _ = run(
        [frame for pair in zip(talker, others, strict=True) for frame in pair], settings=FlowSettings(max_flows=32)
    )
    assert flows.filter(src_ip="10.0.0.9")["fwd_pkt_cnt"].to_list() == [1000]


@pytest.mark.parametrize(("max_flows", "n"), [(16, 400), (64, 1600)])
def test_a_full_table_of_closed_keys_loses_no_packet(max_flows: int, n: int) -> None:
    """Profile lycos remembers closed keys, which take places in the table too."""
    settings = replace(profile("lycos"), max_flows=max_flows)
    packets = [
        frame_of(
            Packet(START_US + i, f"10.1.{i >> 8}.{i & 255}", "10.2.0.1", 6, 9, 80, 0, 20, [SYN, RST, ACK, FIN][i % 4])
        )
        for i in range(n)
    ]
    flows, counts = run(packets, settings=settings)
    assert counts["after_close"] == counts["packets_in_flows"] == n // 2
    assert flows.height + counts["unfinished_flows"] == counts["flows"]


def test_a_clock_that_jumps_back_starts_anew() -> None:
    frames = [send(0), send(10), send(10 - 3600.1), send(11 - 3600.1), send(12)]
    flows, counts = run(frames)
    assert counts["clock_resets"] == 1
    assert flows["fwd_pkt_cnt"].to_list() == [2, 2, 1]
    assert (counts["backward_clock"], counts["late_flows"]) == (0, 0)


def test_a_clock_that_stumbles_is_counted() -> None:
    """Times that step back by less are taken as they came: no gap is negative."""
    flows, counts = run([send(0), send(10), send(4, back=True), send(9), send(11)])
    assert (counts["backward_clock"], counts["clock_resets"]) == (2, 0)
    row = flows.row(0, named=True)
    assert flows.height == 1
    assert (row["flow_duration"], row["iat_min"], row["iat_max"]) == (11 * SECOND, 0, 10 * SECOND)
    assert (row["fwd_iat_tot"], row["bwd_iat_tot"]) == (11 * SECOND, 0)


def test_one_time_from_the_far_future_costs_no_packet() -> None:
    frames = [send(i) for i in range(10)] + [send(10 * 365 * 86400)] + [send(i) for i in range(10, 20)]
    flows, counts = run(frames)
    assert counts["clock_resets"] == 1
    assert flows["fwd_pkt_cnt"].to_list() == [10, 1, 10]


@pytest.mark.parametrize("ts", [0, 1, (1 << 53) - 1])
def test_times_at_the_ends_of_the_scale(ts: int) -> None:
    """Captures without times give all their packets the time 0; bulks are found there too."""
    frames = [frame_of(Packet(ts, *A[:1], *B[:1], 6, A[1], B[1], 100, 20, ACK)) for _ in range(5)]
    flows, _ = run(frames)
    row = flows.row(0, named=True)
    assert (row["fwd_pkt_cnt"], row["flow_duration"], row["fwd_bulk_bytes_mean"]) == (5, 0, 500)
    assert flows["ts_start"].to_physical().to_list() == [ts]
