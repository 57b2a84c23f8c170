"""Checksums are looked at now and then, counted when wrong, and never a reason to leave a packet out."""

from __future__ import annotations

import struct

import pytest
from tests.flows import build
from tests.flows.build import ACK, START_US, Frame
from tests.flows.run import run

from clan.flows.checksum import EVERY

V4, V6 = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")


def internet_checksum(data: bytes) -> int:
    """RFC 1071, word by word."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def summed(pair: tuple[str, str], protocol: int, segment: bytes) -> bytes:
    """Write the right checksum into a TCP or UDP segment."""
    at = 16 if protocol == 6 else 6
    pseudo = build.packed(pair[0]) + build.packed(pair[1]) + struct.pack(">II", len(segment), protocol)
    value = internet_checksum(pseudo + segment) or 0xFFFF
    return segment[:at] + struct.pack(">H", value) + segment[at + 2 :]


@pytest.mark.parametrize("pair", [V4, V6])
@pytest.mark.parametrize("payload", [b"", b"odd", b"even" * 300])
@pytest.mark.parametrize("protocol", [6, 17])
def test_right_and_wrong_checksums_are_told_apart(pair: tuple[str, str], payload: bytes, protocol: int) -> None:
    segment = build.tcp(1, 2, ACK, payload) if protocol == 6 else build.udp(1, 2, payload)
    right = summed(pair, protocol, segment)
    wrong = bytes([right[0] ^ 1]) + right[1:]
    for data, expected in ((right, 0), (wrong, 1)):
        frame = build.ethernet(build.ip(*pair, protocol, data))
        flows, counts = run([Frame(START_US + i, frame) for i in range(EVERY)])
        assert (counts["checked_checksums"], counts["wrong_checksums"]) == (1, expected)
        assert counts["packets_in_flows"] == EVERY
        assert flows.height == 1


@pytest.mark.parametrize(
    ("segment", "cut"),
    [(build.udp(1, 2, b"no checksum"), 0), (build.tcp(1, 2, ACK, b"x" * 40), 1)],
    ids=["udp without", "not captured whole"],
)
def test_what_cannot_be_checked_is_not(segment: bytes, cut: int) -> None:
    protocol = 17 if cut == 0 else 6
    whole = build.ethernet(build.ip(*V4, protocol, segment))
    frame = whole[: len(whole) - cut]
    _, counts = run([Frame(START_US + i, frame, wire=len(whole)) for i in range(EVERY)])
    assert counts["checked_checksums"] == 0
    assert counts["packets_in_flows"] == EVERY
