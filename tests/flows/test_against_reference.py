"""The engine's flows, identity and all 75 columns equal those of a slow assembler that keeps every packet."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.flows.build import ACK, CWR, ECE, FIN, PSH, RST, START_US, SYN, URG
from tests.flows.reference import Ambiguous, Flow, Packet, assemble, community_id, icmp_ports
from tests.flows.reference_columns import Number, columns_of
from tests.flows.run import frame_of, run

from clan.schema import features_of

HOSTS = [("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "10.0.0.1"), ("10.0.0.3", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")]
PORTS = [(40000, 80), (80, 80), (80, 40000)]
MS, SECOND = 1000, 1_000_000
BOUNDARIES = [1 * SECOND, 5 * SECOND, 60 * SECOND, 120 * SECOND, 1800 * SECOND, 3600 * SECOND]
GAPS = st.one_of(
    st.sampled_from([0, 0, 1, 10 * MS, 400 * MS, 3 * SECOND]),
    st.sampled_from(BOUNDARIES).flatmap(lambda edge: st.sampled_from([edge - 1, edge, edge + 1])),
    st.integers(0, 2000 * SECOND),
)
STEPS_BACK = st.sampled_from([1, 300 * MS, 40 * SECOND, 3601 * SECOND, 7000 * SECOND])
FLAGS = st.one_of(
    st.sampled_from([SYN, SYN | ACK, ACK, PSH | ACK, FIN | ACK, RST, RST | ACK, URG | ECE | CWR]), st.integers(0, 255)
)


@st.composite
def packets(draw: st.DrawFn, *, step_back: bool) -> list[Packet]:
    """A conversation or a few; times never run backward unless `step_back`."""
    ts, out = START_US, []
    for _ in range(draw(st.integers(1, 30))):
        ts += -draw(STEPS_BACK) if step_back and draw(st.integers(0, 5)) == 0 else draw(GAPS)
        src, dst = draw(st.sampled_from(HOSTS))
        protocol = draw(st.sampled_from([6, 6, 6, 17, 17, 1, 132, 136, 2, 47]))
        if protocol == 1 and ":" in src:
            protocol = 58
        source, target = draw(st.sampled_from(PORTS)) if protocol in (6, 17, 132, 136) else (None, None)
        if src == dst and source == target == 80:  # an endpoint that talks to itself has no direction
            source = 40000
        header = {6: 20, 47: 0, 132: 12}.get(protocol, 8)
        if protocol in (1, 58):
            source, target = icmp_ports(protocol, draw(st.sampled_from([0, 8, 3, 13, 14, 128, 129, 135, 1])), 0)
        if draw(st.booleans()):
            src, dst = dst, src
            source, target = (source, target) if protocol in (1, 58) else (target, source)
        tcp = {}
        if protocol == 6:
            header = draw(st.sampled_from([20, 24, 60]))
            tcp = {"flags": draw(FLAGS), "window": draw(st.sampled_from([0, 1, 65535]))}
        payload = draw(st.sampled_from([0, 0, 1, 100, 100, 1460]))
        vlan = draw(st.sampled_from([0, 0, 0, 7]))
        out.append(Packet(ts, src, dst, protocol, source, target, payload, header, vlan=vlan, **tcp))
    return out


@st.composite
def conversation(draw: st.DrawFn) -> list[Packet]:
    """One TCP connection and what comes after it: dense, full of payload, with ends and new beginnings."""
    ts, out = START_US, []
    client, server = ("10.0.0.9", 50000), ("10.0.0.2", 443)
    for _ in range(draw(st.integers(1, 60))):
        ts += draw(st.sampled_from([0, 0, 0, 1, 400 * MS, 1 * SECOND, 1 * SECOND + 1, 5 * SECOND, 5 * SECOND + 1]))
        (src, src_port), (dst, dst_port) = draw(st.sampled_from([(client, server), (client, server), (server, client)]))
        flags = draw(st.sampled_from([ACK] * 12 + [PSH | ACK, FIN | ACK, FIN | ACK, RST, SYN, SYN, SYN | ACK]))
        payload = draw(st.sampled_from([0, 1, 1460, 1460, 1460]))
        out.append(Packet(ts, src, dst, 6, src_port, dst_port, payload, 20, flags, 512))
    return out


def time_of(ts: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts)


def identity_of(flow: Flow) -> tuple[object, ...]:
    """The identity columns that do not depend on the engine's choice of a uid."""
    (src, src_port), (dst, dst_port) = flow.source, flow.target
    hashed = community_id(src, dst, flow.protocol, src_port, dst_port)
    return hashed, time_of(flow.first), time_of(flow.last), src, src_port, dst, dst_port, flow.protocol, "test"


def differences(row: dict[str, float], wanted: dict[str, Number]) -> dict[str, tuple[float, float]]:
    """Columns in which a row of the engine is not what was wanted."""
    pairs = ((name, value, float(wanted[name])) for name, value in row.items())
    return {name: (a, b) for name, a, b in pairs if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)}


def check(sequence: list[Packet]) -> None:
    """Compare the engine with the reference on one sequence of packets."""
    try:
        expected = assemble(sequence)
    except Ambiguous:
        assume(False)
    found, counts = run([frame_of(packet) for packet in sequence])
    assert counts["clock_resets"] == expected.resets
    assert counts["flows"] == found.height == len(expected.flows)
    assert found["uid"].n_unique() == found.height
    # flows of the same endpoints and times differ in nothing but their columns: each must have a partner of its own
    columns = [feature.name for feature in features_of(["flow"])]
    keys = ["community_id", "ts_start", "ts_end", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "source"]
    rows = list(zip(found.select(keys).rows(), found.select(columns).rows(named=True), strict=True))
    assert Counter(key for key, _ in rows) == Counter(identity_of(flow) for flow in expected.flows)
    for flow in expected.flows:
        wanted, key = columns_of(flow), identity_of(flow)
        assert wanted.keys() == set(columns)
        matches = [row for row in rows if row[0] == key]
        reasons = [differences(row, wanted) for _, row in matches]
        assert {} in reasons, (key, reasons)
        rows.remove(matches[reasons.index({})])


@settings(max_examples=80)
@given(packets(step_back=False))
def test_clock_that_runs_forward(sequence: list[Packet]) -> None:
    check(sequence)


@settings(max_examples=80)
@given(packets(step_back=True))
def test_clock_that_steps_back(sequence: list[Packet]) -> None:
    check(sequence)


@settings(max_examples=80)
@given(conversation())
def test_one_connection_after_the_other(sequence: list[Packet]) -> None:
    check(sequence)
