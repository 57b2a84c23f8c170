"""Later IP fragments belong to the flow of their first, for as long as that is remembered."""

from __future__ import annotations

import pytest
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.run import run

V4, V6 = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")
BODY = build.udp(1000, 53, bytes(2992))
SECOND = 1_000_000


def fragments(version: int, *, identification: int = 9, ts: int = START_US, inner: bool = False) -> list[Frame]:
    """A datagram in three parts of 1000 bytes; `inner` puts an extension header inside the fragmented part."""
    pieces = [(at, BODY[at : at + 1000]) for at in (0, 1000, 2000)]
    out = []
    for i, (at, piece) in enumerate(pieces):
        if version == 4:
            packet = build.ipv4(*V4, 17, piece, identification=identification, offset=at, more=i < 2)
        else:
            head = build.fragment_header(identification, at, more=i < 2)
            if inner:  # every part names the first header of the fragmented part; only the first part carries it
                options = bytes([17, 0]) + bytes(6)
                packet = build.ipv6(*V6, 60, (options if i == 0 else b"") + piece, extensions=[head])
            else:
                packet = build.ipv6(*V6, 17, piece, extensions=[head])
        out.append(Frame(ts + i, build.ethernet(packet)))
    return out


@pytest.mark.parametrize(("version", "inner"), [(4, False), (6, False), (6, True)])
def test_all_parts_are_one_flow(version: int, inner: bool) -> None:
    flows, counts = run(fragments(version, inner=inner))
    assert flows.select("src_port", "dst_port", "protocol").rows() == [(1000, 53, 17)]
    assert flows["fwd_pkt_cnt"].item() == 3
    assert flows["fwd_pkt_len_tot"].item() == 2992
    assert (counts["joined_fragments"], counts["orphan_fragments"]) == (2, 0)


@pytest.mark.parametrize("version", [4, 6])
def test_parts_without_a_first_are_orphans(version: int) -> None:
    flows, counts = run(fragments(version)[1:])
    assert flows.height == 0
    assert (counts["joined_fragments"], counts["orphan_fragments"]) == (0, 2)


@pytest.mark.parametrize(("pause_s", "joined"), [(30, 1), (31, 0)])
def test_a_first_part_is_remembered_for_half_a_minute(pause_s: int, joined: int) -> None:
    first, later, _ = fragments(4)
    _, counts = run([first, later._replace(ts=first.ts + pause_s * SECOND)])
    assert counts["joined_fragments"] == joined


def test_datagrams_are_told_apart() -> None:
    """Other identifications, other senders and other protocols do not join."""
    first, later, _ = fragments(4)
    others = [
        build.ipv4(*V4, 17, BODY[:8], identification=10, offset=1000),
        build.ipv4("10.0.0.3", "10.0.0.2", 17, BODY[:8], identification=9, offset=1000),
        build.ipv4(*V4, 6, BODY[:8], identification=9, offset=1000),
    ]
    _, counts = run([first, *(Frame(START_US + 1, build.ethernet(packet)) for packet in others), later])
    assert (counts["orphan_fragments"], counts["joined_fragments"]) == (3, 1)


def test_a_flood_of_first_parts_only_forgets() -> None:
    """The memory is bounded: what it loses is counted as an orphan, and nothing else happens."""
    frames = [f for i in range(20_000) for f in fragments(4, identification=i & 0xFFFF)[:1]]
    later = fragments(4, identification=19_999)[1]
    flows, counts = run([*frames, later])
    assert counts["joined_fragments"] + counts["orphan_fragments"] == 1
    assert flows["fwd_pkt_cnt"].sum() == counts["packets_in_flows"]
