"""A capture tool for machines without tcpdump and dumpcap: AF_PACKET to pcap on standard output, until SIGINT.

A program of its own, with the standard library only: it is what runs with the privilege. It writes what libpcap would:
VLAN tags where they were, on a loopback interface each packet once, and times in microseconds as the kernel took them.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time
from types import FrameType
from typing import Final

ETH_P_ALL: Final = 0x0003
SOL_PACKET: Final = 263
PACKET_ADD_MEMBERSHIP: Final = 1
PACKET_STATISTICS: Final = 6
PACKET_AUXDATA: Final = 8
PACKET_MR_PROMISC: Final = 1
SO_TIMESTAMPNS: Final = 35
SO_RCVBUFFORCE: Final = 33
TP_STATUS_VLAN_VALID: Final = 1 << 4
TP_STATUS_VLAN_TPID_VALID: Final = 1 << 6
ARPHRD_LOOPBACK: Final = 772
LINK_TYPES: Final = {1: 1, ARPHRD_LOOPBACK: 1, 65534: 101, 512: 101}
"""From the kernel's type of interface to the link type of pcap: Ethernet, and raw IP for tunnels."""
SNAP: Final = 262_144
BUFFER: Final = 32 << 20
_AUXDATA: Final = struct.Struct("=IIIHHHH")  # status, length, captured, MAC offset, network offset, VLAN tag, its kind
_TIME: Final = struct.Struct("=qq")
_RECORD: Final = struct.Struct("=IIII")


class Tap:
    """A packet socket on one interface."""

    def __init__(self, interface: str) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        for option, value in ((SO_RCVBUFFORCE, BUFFER), (socket.SO_RCVBUF, BUFFER)):
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, option, value)
                break
            except OSError:  # more room than usual is for CAP_NET_ADMIN
                continue
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((interface, ETH_P_ALL))
        hardware = self.socket.getsockname()[3]
        if hardware not in LINK_TYPES:
            raise OSError(f"interfaces of type {hardware} are not supported")
        self.link_type, self.loopback = LINK_TYPES[hardware], hardware == ARPHRD_LOOPBACK
        request = struct.pack("=iHH8s", socket.if_nametoindex(interface), PACKET_MR_PROMISC, 0, b"")
        self.socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
        self.socket.settimeout(0)
        self.dropped = 0

    def header(self) -> bytes:
        """Give the file header."""
        return struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP, self.link_type)

    def records(self, most: int) -> bytes:
        """Take at most so many packets; nothing when there is none."""
        out: list[bytes] = []
        for _ in range(most):
            try:
                frame, extra, _, sender = self.socket.recvmsg(SNAP, 256)
            except BlockingIOError:
                break
            if not (self.loopback and sender[2] == socket.PACKET_OUTGOING):
                out.append(record(frame, extra))
        return b"".join(out)

    def count_drops(self) -> int:
        """Give what the kernel dropped so far; the kernel's own counter starts anew with each look."""
        self.dropped += struct.unpack("=II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        return self.dropped


def record(frame: bytes, extra: list[tuple[int, int, bytes]]) -> bytes:
    """Make a pcap record of a frame and what the kernel says of it."""
    nanoseconds, wire = time.time_ns(), len(frame)
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, rest = _TIME.unpack_from(data)
            nanoseconds = seconds * 1_000_000_000 + rest
        elif level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, wire, _, _, _, tag, tag_kind = _AUXDATA.unpack_from(data)
            if status & TP_STATUS_VLAN_VALID:
                known = tag_kind if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                frame = frame[:12] + struct.pack(">HH", known, tag) + frame[12:]
                wire += 4
    microseconds = nanoseconds // 1000
    return _RECORD.pack(microseconds // 1_000_000, microseconds % 1_000_000, len(frame), max(wire, len(frame))) + frame


def write(data: bytes) -> None:
    """Write all of it to standard output."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def capture(tap: Tap) -> None:
    """Copy packets to standard output until a signal, or until nobody reads them any more."""
    asked: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    write(tap.header())
    tell_at = 0.0
    waiting = select.poll()
    waiting.register(tap.socket, select.POLLIN)
    waiting.register(1, 0)  # tells when the reader has left
    while not asked:
        ready = dict(waiting.poll(250))
        if 1 in ready:
            return
        write(tap.records(256))
        if time.monotonic() >= tell_at:
            tell_at = time.monotonic() + 1
            tell(tap)
    while rest := tap.records(256):  # what the kernel held at the signal
        write(rest)
        if len(asked) > 1:
            break
    tell(tap)


def tell(tap: Tap) -> None:
    """Say on standard error what the kernel dropped so far."""
    os.write(2, f"{tap.count_drops()} packets dropped by kernel\n".encode())


def main() -> int:
    """Capture on the interface that is named; gives the exit status."""
    if len(sys.argv) != 2:
        os.write(2, b"usage: afpacket.py INTERFACE\n")
        return 2
    try:
        capture(Tap(sys.argv[1]))
    except BrokenPipeError:
        return 0
    except OSError as error:
        os.write(2, f"afpacket: {error.strerror or error}\n".encode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
