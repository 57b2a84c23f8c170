"""Packets, frames and capture files in plain Python, written from the RFCs and format drafts, not from the engine."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

NULL, ETHERNET, PPP, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 0, 1, 9, 101, 108, 113, 228, 229, 276
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << i for i in range(8))
START_US = 1_700_000_000_000_000


class Frame(NamedTuple):
    """One captured frame; `wire` is its length on the wire where that is more than what was captured."""

    ts: int
    data: bytes
    wire: int | None = None
    interface: int = 0


# --- transport -----------------------------------------------------------------------------------------------------
def tcp(
    src_port: int,
    dst_port: int,
    flags: int,
    payload: bytes = b"",
    *,
    window: int = 8192,
    options: bytes = b"",
    sequence: int = 1,
) -> bytes:
    options += bytes(-len(options) % 4)
    offset = (20 + len(options)) // 4
    return (
        struct.pack(">HHIIBBHHH", src_port, dst_port, sequence, 2, offset << 4, flags, window, 0, 0) + options + payload
    )


def udp(src_port: int, dst_port: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload


def sctp(src_port: int, dst_port: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHII", src_port, dst_port, 7, 0) + payload


def icmp(kind: int, code: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BBHI", kind, code, 0, 0) + payload


def igmp(payload: bytes = b"") -> bytes:
    return struct.pack(">BBHI", 0x16, 0, 0, 0xE0000001) + payload


@lru_cache(100_000)
def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


# --- IP ------------------------------------------------------------------------------------------------------------
def ipv4(
    src: str,
    dst: str,
    protocol: int,
    payload: bytes,
    *,
    options: bytes = b"",
    identification: int = 0,
    offset: int = 0,
    more: bool = False,
    total: int | None = None,
) -> bytes:
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4
    total = 4 * words + len(payload) if total is None else total
    fragment = (0x2000 if more else 0) | offset // 8
    head = struct.pack(">BBHHHBBH", 0x40 | words, 0, total, identification, fragment, 64, protocol, 0)
    return head + packed(src) + packed(dst) + options + payload


def extension(kind: int, words: int = 0) -> tuple[int, bytes]:
    """An IPv6 extension header without its first byte: options, routing, mobility (in units of 8 bytes less one)."""
    return kind, bytes([words]) + bytes(6 + 8 * words)


def authentication(words: int = 4) -> tuple[int, bytes]:
    """An authentication header without its first byte: its length counts 4-byte units less two."""
    return 51, bytes([words]) + bytes(4 * (words + 2) - 2)


def fragment_header(identification: int, offset: int = 0, *, more: bool = False) -> tuple[int, bytes]:
    return 44, struct.pack(">BHI", 0, offset | more, identification)


def ipv6(
    src: str,
    dst: str,
    protocol: int,
    payload: bytes,
    *,
    extensions: Sequence[tuple[int, bytes]] = (),
    length: int | None = None,
) -> bytes:
    kinds = [kind for kind, _ in extensions] + [protocol]
    chain = b"".join(bytes([kinds[i + 1]]) + body for i, (_, body) in enumerate(extensions))
    length = len(chain) + len(payload) if length is None else length
    head = struct.pack(">IHBB", 6 << 28, length, kinds[0], 64)
    return head + packed(src) + packed(dst) + chain + payload


def ip(src: str, dst: str, protocol: int, payload: bytes) -> bytes:
    """IP of the version of the addresses, without any extras."""
    return (ipv6 if ":" in src else ipv4)(src, dst, protocol, payload)


# --- link layer ----------------------------------------------------------------------------------------------------
def ethertype_of(packet: bytes) -> int:
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


def tagged(packet: bytes, vlans: Sequence[tuple[int, int]], ethertype: int | None = None) -> bytes:
    """The type field and what follows it: VLAN tags as (TPID, VLAN), outermost first, then the packet."""
    out = b"".join(struct.pack(">HH", tpid, 0x6000 | vlan) for tpid, vlan in vlans)
    return out + struct.pack(">H", ethertype_of(packet) if ethertype is None else ethertype) + packet


def ethernet(packet: bytes, *, vlans: Sequence[tuple[int, int]] = (), ethertype: int | None = None) -> bytes:
    return bytes(12) + tagged(packet, vlans, ethertype)


def linux_sll(packet: bytes) -> bytes:
    return struct.pack(">HHH8sH", 0, 1, 6, bytes(8), ethertype_of(packet)) + packet


def linux_sll2(packet: bytes) -> bytes:
    return struct.pack(">HHIHBB8s", ethertype_of(packet), 0, 1, 1, 0, 6, bytes(8)) + packet


def loopback(packet: bytes, *, family: int | None = None, order: str = "<") -> bytes:
    family = (30 if packet[0] >> 4 == 6 else 2) if family is None else family
    return struct.pack(f"{order}I", family) + packet


def ppp(packet: bytes, *, framed: bool = True) -> bytes:
    protocol = 0x0057 if packet[0] >> 4 == 6 else 0x0021
    return (b"\xff\x03" if framed else b"") + struct.pack(">H", protocol) + packet


# --- pcap ----------------------------------------------------------------------------------------------------------
def pcap(
    frames: Iterable[Frame],
    *,
    link_type: int = ETHERNET,
    big: bool = False,
    nanos: bool = False,
    modified: bool = False,
    snap_length: int = 262_144,
) -> bytes:
    """A classic capture file; `modified` is Kuznetsov's format with longer record headers."""
    order = ">" if big else "<"
    magic = 0xA1B23C4D if nanos else 0xA1B2CD34 if modified else 0xA1B2C3D4
    out = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)]
    for frame in frames:
        seconds, fraction = divmod(frame.ts, 1_000_000)
        wire = len(frame.data) if frame.wire is None else frame.wire
        fraction *= 1000 if nanos else 1
        out.append(struct.pack(f"{order}IIII", seconds, fraction, len(frame.data), wire))
        out.append(struct.pack(f"{order}IHBB", 1, 8, 0, 0) if modified else b"")
        out.append(frame.data)
    return b"".join(out)


# --- pcapng --------------------------------------------------------------------------------------------------------
def option(code: int, value: bytes, *, order: str = "<") -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, *, order: str = "<", claimed: int | None = None) -> bytes:
    body += bytes(-len(body) % 4)
    size = 12 + len(body) if claimed is None else claimed
    return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)


def section_header(*, order: str = "<", options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order=order)


def interface_block(
    link_type: int = ETHERNET,
    *,
    resolution: int | None = None,
    offset_s: int | None = None,
    snap_length: int = 0,
    order: str = "<",
    end: bool = True,
) -> bytes:
    options = option(2, b"eth0", order=order)
    if resolution is not None:
        options += option(9, bytes([resolution]), order=order)
    if offset_s is not None:
        options += option(14, struct.pack(f"{order}q", offset_s), order=order)
    options += option(0, b"", order=order) if end else b""
    return block(1, struct.pack(f"{order}HHI", link_type, 0, snap_length) + options, order=order)


def _units(ts: int, per_second: int, offset_s: int) -> int:
    return (ts - offset_s * 1_000_000) * per_second // 1_000_000


def enhanced_packet(
    frame: Frame, *, per_second: int = 1_000_000, offset_s: int = 0, order: str = "<", options: bytes = b""
) -> bytes:
    stamp = _units(frame.ts, per_second, offset_s)
    wire = len(frame.data) if frame.wire is None else frame.wire
    head = struct.pack(f"{order}IIIII", frame.interface, stamp >> 32, stamp & 0xFFFFFFFF, len(frame.data), wire)
    return block(6, head + frame.data + bytes(-len(frame.data) % 4) + options, order=order)


def obsolete_packet(frame: Frame, *, drops: int = 0xFFFF, order: str = "<") -> bytes:
    wire = len(frame.data) if frame.wire is None else frame.wire
    head = struct.pack(
        f"{order}HHIIII", frame.interface, drops, frame.ts >> 32, frame.ts & 0xFFFFFFFF, len(frame.data), wire
    )
    return block(2, head + frame.data, order=order)


def simple_packet(data: bytes, wire: int | None = None, *, order: str = "<") -> bytes:
    return block(3, struct.pack(f"{order}I", len(data) if wire is None else wire) + data, order=order)


def pcapng(frames: Iterable[Frame], *, link_type: int = ETHERNET, order: str = "<") -> bytes:
    """One section, one interface, enhanced packet blocks in microseconds."""
    blocks = [section_header(order=order), interface_block(link_type, order=order)]
    return b"".join(blocks + [enhanced_packet(frame, order=order) for frame in frames])
