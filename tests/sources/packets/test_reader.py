"""Captures of both formats, both byte orders and every clock give the same flows; damage costs what lies behind it."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import pytest
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.sources.packets.capture import conversation, read

from clan.errors import MalformedRecord, UnsupportedFormat
from clan.sources.packets import is_capture

FRAMES = conversation()
EXPECTED = [(f"10.1.0.{i + 1}", 1, 1, i, 3 * i) for i in range(6)] + [("10.0.0.1", 4, 0, 10, 0)]


def rows(path: Path) -> list[tuple[object, ...]]:
    flows, counts, warnings = read(path)
    assert warnings == []
    assert counts["packets"] == counts["packets_in_flows"] == len(FRAMES)
    assert flows["ts_start"].to_physical().sort().to_list() == [START_US + 20 * i for i in range(7)]
    return flows.select("src_ip", "fwd_pkt_cnt", "bwd_pkt_cnt", "fwd_pkt_len_tot", "bwd_pkt_len_tot").rows()


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("variant", ["", "nanos", "modified"])
def test_pcap(tmp_path: Path, big: bool, variant: str) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(build.pcap(FRAMES, big=big, nanos=variant == "nanos", modified=variant == "modified"))
    assert is_capture(path.read_bytes())
    assert rows(path) == EXPECTED


def test_nanoseconds_are_truncated(tmp_path: Path) -> None:
    data = bytearray(build.pcap(FRAMES[:1], nanos=True))
    data[28:32] = struct.pack("<I", 123_456_999)
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    assert read(path)[0]["ts_start"].to_physical().item() % 1_000_000 == 123_456


def test_upper_half_of_the_link_type_is_not_part_of_it(tmp_path: Path) -> None:
    """The length of the frame check sequence lies there."""
    path = tmp_path / "a.pcap"
    path.write_bytes(build.pcap(FRAMES, link_type=0x5000_0000 | build.ETHERNET))
    assert rows(path) == EXPECTED


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(build.pcapng(FRAMES, order=order))
    assert is_capture(path.read_bytes())
    assert rows(path) == EXPECTED


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("resolution", "per_second"),
    [
        (None, 10**6), (6, 10**6), (9, 10**9), (12, 10**12), (13, 10**13), (15, 10**15), (18, 10**18), (7, 10**7),
        (0x80 | 20, 1 << 20), (0x80 | 30, 1 << 30), (0x80 | 42, 1 << 42), (0x80 | 43, 1 << 43), (0x80 | 62, 1 << 62),
    ],
)  # fmt: skip
def test_clocks_of_interfaces(tmp_path: Path, order: str, resolution: int | None, per_second: int) -> None:
    """Every resolution gives the microsecond that its whole number of units lies in."""
    offset_s = START_US // 1_000_000  # stamps of the finest clocks only fit into 64 bits when they count from here
    frames = [Frame(START_US + us, FRAMES[0].data) for us in (0, 1, 123_456, 333_333, 999_999, 2_718_281)]
    packets = [build.enhanced_packet(frame, per_second=per_second, offset_s=offset_s, order=order) for frame in frames]
    path = tmp_path / "a.pcapng"
    interface = build.interface_block(resolution=resolution, offset_s=offset_s, order=order)
    path.write_bytes(build.section_header(order=order) + interface + b"".join(packets))
    flows = read(path)[0].row(0, named=True)
    stamps = [(frame.ts - START_US) * per_second // 1_000_000 for frame in frames]
    expected = [stamp * 1_000_000 // per_second for stamp in stamps]
    gaps = [b - a for a, b in pairwise(expected)]
    assert (flows["flow_duration"], flows["iat_min"], flows["iat_max"]) == (expected[-1], min(gaps), max(gaps))
    assert int(flows["ts_start"].timestamp()) == offset_s


def test_coarse_clock_and_no_end_of_options(tmp_path: Path) -> None:
    blocks = [build.section_header(), build.interface_block(resolution=0, end=False)]
    blocks += [build.enhanced_packet(f, per_second=1, options=build.option(1, b"note")) for f in FRAMES]
    path = tmp_path / "a.pcapng"
    path.write_bytes(b"".join(blocks))
    assert read(path)[0]["ts_start"].to_physical().unique().to_list() == [START_US]


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_kind_of_packet_block(tmp_path: Path, order: str) -> None:
    """Several interfaces and sections, obsolete and simple packets, and blocks that nobody knows."""
    raw = [Frame(f.ts, f.data[14:], interface=1) for f in FRAMES]
    other = ">" if order == "<" else "<"
    blocks = [
        build.section_header(order=order, options=build.option(4, b"test", order=order)),
        build.block(4, bytes(8), order=order),  # names
        build.interface_block(order=order),
        build.interface_block(build.RAW, order=order),
        build.enhanced_packet(FRAMES[0], order=order),
        build.block(0x0BAD, bytes(77), order=order),
        build.obsolete_packet(raw[1], order=order),
        build.block(0x80000001, b"", order=order),
        *(build.enhanced_packet(frame, order=order) for frame in raw[2:6]),
        build.section_header(order=other),
        build.interface_block(build.RAW, order=other),
        *(build.enhanced_packet(frame._replace(interface=0), order=other) for frame in raw[6:9]),
        build.section_header(order=order),
        build.interface_block(order=order),
        *(build.enhanced_packet(frame, order=order) for frame in FRAMES[9:]),
        build.block(5, bytes(12), order=order),  # statistics
    ]
    path = tmp_path / "a.pcapng"
    path.write_bytes(b"".join(blocks))
    assert rows(path) == EXPECTED


def test_simple_packets_have_the_time_of_the_packet_before(tmp_path: Path) -> None:
    blocks = [
        build.section_header(),
        build.interface_block(snap_length=60),
        build.enhanced_packet(FRAMES[-4]),
        build.simple_packet(FRAMES[-3].data),
        build.simple_packet(FRAMES[-2].data[:60], len(FRAMES[-2].data)),
    ]
    path = tmp_path / "a.pcapng"
    path.write_bytes(b"".join(blocks))
    row = read(path)[0].row(0, named=True)
    assert (row["fwd_pkt_cnt"], row["flow_duration"], row["fwd_pkt_len_tot"]) == (3, 0, 10)


@pytest.mark.parametrize(
    "bad",
    [
        build.enhanced_packet(FRAMES[0]._replace(interface=1)),
        build.block(6, struct.pack("<IIIII", 0, 0, 0, 5000, 60) + bytes(40)),
        build.block(6, bytes(16)),
        build.block(3, b""),
        build.block(2, bytes(8)),
    ],
    ids=["no such interface", "longer than its block", "enhanced too short", "simple too short", "obsolete too short"],
)
@pytest.mark.parametrize("end", [b"", b"\x06\x00\x00\x00\x07\x00\x00\x00" + bytes(8)], ids=["whole", "damaged"])
def test_packet_blocks_that_contradict_themselves_are_counted(tmp_path: Path, bad: bytes, end: bytes) -> None:
    blocks = [build.enhanced_packet(f) for f in FRAMES]
    path = tmp_path / "a.pcapng"
    path.write_bytes(build.section_header() + build.interface_block() + bad + b"".join(blocks) + bad + end)
    _, counts, warnings = read(path)
    assert (counts["packets"], counts["bad_packet_blocks"]) == (len(FRAMES), 2)
    assert len(warnings) == bool(end)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (build.block(6, bytes(40), claimed=54), "damaged at byte"),
        (build.block(6, bytes(40), claimed=8), "damaged at byte"),
        (build.block(6, bytes(40), claimed=0), "damaged at byte"),
        (build.block(99, bytes(40), claimed=0xFFFFFFFC), "incomplete record"),
        (build.block(6, bytes(40), claimed=4096), "incomplete record"),
        (build.block(1, bytes(4)), "interface description that cannot be read"),
        (build.block(1, bytes(8), claimed=21), "claims 21 bytes"),
        (build.block(1, bytes(8), claimed=0xFFFFFFF0), "claims 4294967280 bytes"),
        (build.block(1, bytes(8), claimed=400), "ends inside a block"),
        (build.block(0x0A0D0D0A, bytes(16)), "unknown byte order"),
    ],
)
def test_damage_in_pcapng_ends_the_file_with_a_warning(tmp_path: Path, damage: bytes, match: str) -> None:
    """What lies in front of it is read; nothing behind it is believed; strict reading refuses."""
    path = tmp_path / "a.pcapng"
    path.write_bytes(build.pcapng(FRAMES) + damage)
    flows, counts, warnings = read(path)
    assert counts["packets"] == len(FRAMES)
    assert flows.height == 7
    assert len(warnings) == 1
    assert match in warnings[0]
    assert str(path) in warnings[0]
    with pytest.raises(MalformedRecord, match=match):
        read(path, strict=True)


def test_a_pcap_record_that_claims_too_much(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(build.pcap(FRAMES) + struct.pack("<IIII", 0, 0, 300_000, 300_000) + bytes(100))
    flows, _, warnings = read(path)
    assert flows.height == 7
    assert len(warnings) == 1
    with pytest.raises(MalformedRecord, match="damaged at byte"):
        read(path, strict=True)


def test_a_length_on_the_wire_below_what_was_captured(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(build.pcap([frame._replace(wire=1) for frame in FRAMES]))
    assert rows(path) == EXPECTED
    assert read(path)[1]["bytes"] == sum(len(frame.data) for frame in FRAMES)


@pytest.mark.parametrize("make", [build.pcap, build.pcapng])
def test_every_truncation_keeps_every_whole_record(tmp_path: Path, make: object) -> None:
    """Cut at each byte of the file: the packets in front of the cut, a warning unless it falls between records."""
    whole = make(FRAMES[:2])  # type: ignore[operator]
    ends = [len(make(FRAMES[:i])) for i in range(3)]  # type: ignore[operator]
    path = tmp_path / "cut"
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        if size < (24 if make is build.pcap else 4):
            with pytest.raises(UnsupportedFormat):
                read(path)
            continue
        _, counts, warnings = read(path)
        complete = sum(end <= size for end in ends[1:])
        assert counts["packets"] == counts["packets_in_flows"] == complete, size
        between_blocks = size in ends or (make is build.pcapng and size == len(build.section_header()))
        assert len(warnings) == (not between_blocks), (size, warnings)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "is empty"),
        (b"\n", "no capture"),
        (b"time,src,dst\n1,2,3\n" * 10, "no capture.*found bytes 74 69 6d 65"),
        (bytes(1000), "no capture"),
        (build.pcap([])[:23], "ends inside the 24 bytes"),
    ],
)
def test_what_is_no_capture(tmp_path: Path, data: bytes, match: str) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    assert not is_capture(data[:4]) or len(data) == 23
    with pytest.raises(UnsupportedFormat, match=match):
        read(path)


@pytest.mark.parametrize("make", [build.pcap, build.pcapng])
def test_frames_larger_than_the_buffer(tmp_path: Path, make: object) -> None:
    """The smallest buffer grows to what a record needs."""
    large = build.ethernet(build.ipv4("10.0.0.1", "10.0.0.2", 17, build.udp(1, 2, bytes(60_000))))
    frames = [FRAMES[0], Frame(START_US, large), *FRAMES[1:]]
    path = tmp_path / "a"
    path.write_bytes(make(frames))  # type: ignore[operator]
    flows, counts, warnings = read(path, chunk_bytes=1)
    assert (counts["packets"], flows["fwd_pkt_len_max"].max(), warnings) == (len(frames), 60_000, [])


def test_many_interfaces(tmp_path: Path) -> None:
    """4,096 interfaces are taken; a section with more is damage."""
    path = tmp_path / "a.pcapng"
    head = build.section_header() + build.interface_block() * 4096
    path.write_bytes(head + build.enhanced_packet(FRAMES[0]._replace(interface=4095)))
    assert read(path)[1]["packets"] == 1
    path.write_bytes(head + build.interface_block() + build.enhanced_packet(FRAMES[0]))
    _, counts, warnings = read(path)
    assert counts["packets"] == 0
    assert "interface description that cannot be read" in warnings[0]
