"""Damaged captures: random bytes changed anywhere give flows or an error of clan, never anything else."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.run import VERDICTS, packets_in, packets_of, run
from tests.sources.packets.capture import conversation, read

from clan.errors import SourceError
from clan.flows import FlowEngine, FlowSettings

V4, V6 = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")
PACKETS = [
    build.ipv4(*V4, 6, build.tcp(1, 2, 2, b"abc", options=bytes(8)), options=bytes(8)),
    build.ipv4(*V4, 17, build.udp(1, 2, bytes(20)), identification=7, more=True),
    build.ipv4(*V4, 17, bytes(20), identification=7, offset=1000),
    build.ipv6(*V6, 6, build.tcp(1, 2, 16, bytes(5)), extensions=[build.extension(0), build.extension(60, 1)]),
    build.ipv6(
        *V6, 58, build.icmp(128, 0, bytes(8)), extensions=[build.authentication(), build.fragment_header(9, more=True)]
    ),
    build.ipv6(*V6, 17, bytes(9), extensions=[build.fragment_header(9, 1000)]),
    build.ip(*V4, 132, build.sctp(5, 6, bytes(4))),
    build.ip(*V4, 1, build.icmp(8, 0, bytes(16))),
]
WRAPS = {
    build.ETHERNET: lambda p: build.ethernet(p, vlans=[(0x88A8, 5), (0x8100, 6)]),
    build.SLL: build.linux_sll,
    build.SLL2: build.linux_sll2,
    build.RAW: bytes,
    build.NULL: build.loopback,
    build.PPP: build.ppp,
}


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a few bytes, preferably to values that hurt; sometimes cut, repeat or drop a piece."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(len(out)))
        kind = rng.integers(10)
        if kind < 6:
            out[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))]))
        elif kind < 8 and len(out) > 4:
            at = min(at, len(out) - 4)
            out[at : at + 4] = struct.pack("<I", int(rng.choice([0, 4, 12, 0x7FFFFFFF, 0xFFFFFFFF, 65535, len(data)])))
        elif kind == 8:
            out[at:at] = out[at : at + int(rng.integers(1, 40))]
        elif len(out) > 60:
            del out[at : at + int(rng.integers(1, 20))]
    return bytes(out)


@pytest.mark.parametrize("link_type", WRAPS)
def test_frames(link_type: int) -> None:
    """4,000 mutated frames of each link type, in one buffer: every one gets exactly one verdict, again the same one."""
    rng = np.random.default_rng(link_type)
    whole = [WRAPS[link_type](packet) for packet in PACKETS]
    frames = []
    for i in range(4000):
        data = mutate(whole[i % len(whole)], rng)
        data = data[: int(rng.integers(len(data) + 1))] if i % 5 == 0 else data
        frames.append(Frame(START_US + i * 1000, data, len(data) + int(rng.choice([0, 0, 1, 1500, 1 << 20]))))
    flows, counts = run(frames, link_type=link_type)
    again, counts_again = run(frames, link_type=link_type)
    assert again.equals(flows)
    assert counts == counts_again
    assert packets_in(flows) == counts["packets_in_flows"] > 1000
    assert sum(counts[name] > 0 for name in VERDICTS) >= 4


def test_random_bytes_as_frames() -> None:
    rng = np.random.default_rng(11)
    frames = [Frame(START_US + i, rng.bytes(int(rng.integers(120)))) for i in range(4000)]
    for link_type in (*WRAPS, build.LOOP, build.IPV4, build.IPV6, 12345):
        run(frames, link_type=link_type)


CAPTURES = {
    "pcap": build.pcap(conversation(2)),
    "pcap big nanos": build.pcap(conversation(2), big=True, nanos=True),
    "pcap modified": build.pcap(conversation(2), modified=True),
    "pcapng": build.pcapng(conversation(2)),
    "pcapng of all sorts": b"".join(
        [
            build.section_header(order=">"),
            build.interface_block(resolution=9, offset_s=-5, order=">"),
            build.interface_block(build.RAW, resolution=0x80 | 50, snap_length=60, order=">"),
            *(build.enhanced_packet(f._replace(interface=i % 2), order=">") for i, f in enumerate(conversation(1))),
            *(build.simple_packet(f.data, order=">") for f in conversation(1)),
            *(build.obsolete_packet(f, order=">") for f in conversation(1)),
            build.section_header(),
            build.interface_block(build.SLL),
            build.block(0x0BAD, bytes(9)),
            *(build.enhanced_packet(f) for f in conversation(1)),
        ]
    ),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_files(name: str, tmp_path: Path) -> None:
    """100 mutations of each file; what comes out does not depend on the size of the buffer either."""
    rng = np.random.default_rng(len(name))
    path = tmp_path / "fuzzed"
    outcomes = {"flows": 0, "warnings": 0, "errors": 0}
    for i in range(100):
        path.write_bytes(mutate(CAPTURES[name], rng))
        try:
            flows, counts, warnings = read(path)
        except SourceError:
            outcomes["errors"] += 1
            continue
        assert sum(counts[verdict] for verdict in VERDICTS) == counts["packets"]
        assert packets_in(flows) == counts["packets_in_flows"]
        outcomes["flows"] += flows.height > 0
        outcomes["warnings"] += bool(warnings)
        if i % 10 == 0:
            assert read(path, chunk_bytes=1 << 12)[0].equals(flows)
    assert outcomes["flows"] > 0 < outcomes["warnings"], outcomes


def test_frames_outside_their_buffer_are_refused() -> None:
    """The one check that keeps compiled code inside its memory."""
    good = packets_of(conversation(1), build.ETHERNET)
    size = good.buffer.size
    for bad in (
        good._replace(offset=good.offset + 1),
        good._replace(offset=good.offset - 1),
        good._replace(captured=good.captured * 0 - 1),
        good._replace(captured=good.captured * 0 + size + 1),
        good._replace(length=good.length * 0 - 1),
        good._replace(buffer=good.buffer[:-1]),
    ):
        with pytest.raises(ValueError, match="outside its buffer"):
            list(FlowEngine(FlowSettings(), source="test").feed(bad))
    with pytest.raises(ValueError, match="differ in length"):
        list(FlowEngine(FlowSettings(), source="test").feed(good._replace(ts=good.ts[:-1])))
