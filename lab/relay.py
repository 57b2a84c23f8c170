"""A slow link in user space, for kernels without netem: moves frames between two tap devices with delay, jitter, loss.

Run as `python -m lab.relay SITE SEGMENT SEED`. One end is in the gateway's namespace, the other on the segment's
switch. Order is kept on each host's path, each way, as on a line.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time
from collections.abc import Mapping

from lab.site import Path, Site
from lab.sites import site_called

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_TAP_WITHOUT_HEADER = 0x0002 | 0x1000
_LARGEST_FRAME = 2048
MOST_WAITING = 20_000
"""Frames under way; what comes on top is lost, as on a full queue."""


class Line:
    """Frames under way, in order of when they arrive.

    Args:
        paths: Address of a host to what its link does.
        seed: Of jitter and loss.
    """

    def __init__(self, paths: Mapping[bytes, Path], seed: int) -> None:
        self.paths = dict(paths)
        self.lost = 0
        self._random = random.Random(seed)
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._last: dict[tuple[bytes, int], float] = {}
        self._count = 0

    def put(self, frame: bytes, *, to: int, now: float) -> None:
        """Take in a frame for the end `to` at the time `now`, in seconds; some are lost."""
        address = self._address(frame)
        path = self.paths.get(address, Path())
        if len(self._waiting) >= MOST_WAITING or self._random.random() < path.loss:
            self.lost += 1
            return
        delay_s = max(0.0, self._random.gauss(path.delay_ms, path.jitter_ms)) / 1000
        due = max(now + delay_s, self._last.get((address, to), 0.0))
        self._last[address, to] = due
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, to, frame))

    def due(self, now: float) -> list[tuple[int, bytes]]:
        """Give the frames that have arrived by `now`, each with its end."""
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            _, _, to, frame = heapq.heappop(self._waiting)
            found.append((to, frame))
        return found

    def wait_s(self, now: float) -> float:
        """Give the seconds until the next frame arrives; a second when none is under way."""
        return max(0.0, self._waiting[0][0] - now) if self._waiting else 1.0

    def _address(self, frame: bytes) -> bytes:
        """Whose path a frame takes: the host's that sends or receives it; empty for what is not IPv4."""
        if frame[12:14] != b"\x08\x00":
            return b""
        source = frame[26:30]
        return source if source in self.paths else frame[30:34]


def paths_of(site: Site, segment: str) -> dict[bytes, Path]:
    """Address to path, of the hosts on a segment."""
    return {
        bytes(map(int, address.split("."))): host.path
        for host in site.segment(segment).hosts
        for address in host.addresses
    }


def run(site: Site, segment: str, seed: int) -> None:
    """Move frames until it is killed."""
    ends = [_open_tap(site.namespace("gateway"), segment), _open_tap(site.namespace("fabric"), f"up-{segment}")]
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    line = Line(paths_of(site, segment), seed)
    while True:
        ready, _, _ = select.select(ends, [], [], line.wait_s(time.monotonic()))
        for end in ready:
            for _ in range(64):
                try:
                    frame = os.read(end, _LARGEST_FRAME)
                except BlockingIOError:
                    break
                line.put(frame, to=other[end], now=time.monotonic())
        for end, frame in line.due(time.monotonic()):
            try:
                os.write(end, frame)
            except BlockingIOError:
                line.lost += 1


def _open_tap(namespace: str, name: str) -> int:
    """Open a tap device that is there already, in another namespace."""
    handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    finally:
        os.close(handle)
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP_WITHOUT_HEADER))
    return tap


if __name__ == "__main__":
    run(site_called(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
