"""Entropy, printable share and distance of the first bytes, against their definitions."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows.payload.speech import heard, over_udp

BODIES = st.binary(min_size=1, max_size=1300)


def entropy(data: bytes) -> float:
    return -sum(n / len(data) * math.log2(n / len(data)) for n in Counter(data).values())


def distance(one: bytes, other: bytes) -> float:
    return sum(abs(one.count(value) / len(one) - other.count(value) / len(other)) for value in range(256)) / 2


@settings(max_examples=40)
@given(BODIES, BODIES)
def test_against_the_definitions(one: bytes, other: bytes) -> None:
    row = heard(over_udp([(0, one), (1, other)], port=9999))
    one, other = one[:1024], other[:1024]
    assert (row["payload_fwd_seen"], row["payload_bwd_seen"]) == (len(one), len(other))
    assert row["payload_fwd_entropy"] == pytest.approx(entropy(one), abs=1e-6)
    assert row["payload_bwd_entropy"] == pytest.approx(entropy(other), abs=1e-6)
    text = bytes([9, 10, 13, *range(32, 127)])
    assert row["payload_fwd_printable"] == pytest.approx(sum(value in text for value in one) / len(one))
    assert row["payload_distance"] == pytest.approx(distance(one, other))


def test_a_direction_without_payload() -> None:
    row = heard(over_udp([(0, b"hello"), (1, b"")], port=9999))
    assert (row["payload_fwd_seen"], row["payload_bwd_seen"]) == (5, 0)
    assert row["payload_bwd_entropy"] is row["payload_bwd_printable"] is row["payload_distance"] is None


def test_a_flow_without_payload_was_looked_at() -> None:
    row = heard(over_udp([(0, b""), (1, b"")], port=9999))
    assert {name for name, value in row.items() if value is not None} == {"payload_fwd_seen", "payload_bwd_seen"}
    assert row["payload_fwd_seen"] == 0


def test_what_the_snap_length_cut_is_unknown() -> None:
    whole = over_udp([(0, bytes(600)), (0, bytes(600)), (1, b"fine")], port=9999)
    cut = [whole[0]._replace(data=whole[0].data[:200], wire=len(whole[0].data)), *whole[1:]]
    row = heard(cut)
    assert row["payload_fwd_seen"] == 200 - 42
    assert row["payload_fwd_entropy"] is row["payload_distance"] is None
    assert row["payload_bwd_entropy"] == 2
    late = [whole[0], whole[1]._replace(data=whole[1].data[:42], wire=len(whole[1].data)), whole[2]]
    assert heard(late)["payload_fwd_entropy"] is None


def test_what_was_cut_behind_the_first_bytes_is_not_missed() -> None:
    frames = over_udp([(0, bytes(1200))], port=9999)
    row = heard([frames[0]._replace(data=frames[0].data[: 42 + 1024], wire=len(frames[0].data))])
    assert (row["payload_fwd_seen"], row["payload_fwd_entropy"]) == (1024, 0)


def test_no_entropy_exceeds_eight_bits() -> None:
    assert heard(over_udp([(0, bytes(range(256)) * 4)], port=9999))["payload_fwd_entropy"] == 8
