"""Cutting a capture: the packets of a few flows, and a small pcap of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from clan.errors import SinkError
from clan.sources.cutting.finder import FlowFinder, WantedFlow
from clan.sources.packets.bytestream import ByteStream
from clan.sources.packets.reader import PacketReader

MOST_PACKETS: Final = 200
"""Packets of one flow that are kept, the first ones."""
MOST_BYTES: Final = 64 << 20
"""Bytes that are kept in all."""


class Frame(NamedTuple):
    """A captured frame.

    Attributes:
        ts_us: When, us of the epoch.
        link_type: A LINKTYPE_ number.
        length: Bytes on the wire.
        data: What was captured of it.
    """

    ts_us: int
    link_type: int
    length: int
    data: bytes


def cut_flows(paths: Sequence[str], flows: Sequence[WantedFlow], *, most: int = MOST_PACKETS) -> list[list[Frame]]:
    """Read captures again, and keep the packets of some flows.

    Args:
        paths: The capture, or the parts of it.
        flows: The flows.
        most: Packets of each that are kept.

    Returns:
        The frames of each flow, in order of the capture; at most `MOST_BYTES` in all.

    Raises:
        SourceError: A capture cannot be read any more.
    """
    kept: list[list[Frame]] = [[] for _ in flows]
    finder, room = FlowFinder(flows), MOST_BYTES
    for path in paths:
        stream = ByteStream(path)
        try:
            for packets in PacketReader(stream).chunks():
                found = finder.find(packets)
                for i in (found >= 0).nonzero()[0].tolist():
                    frames, size = kept[found[i]], int(packets.captured[i])
                    if len(frames) < most and size <= room:
                        start = int(packets.offset[i])
                        data = packets.buffer[start : start + size].tobytes()
                        frames.append(
                            Frame(int(packets.ts[i]), int(packets.link_type[i]), int(packets.length[i]), data)
                        )
                        room -= size
        finally:
            stream.close()
    return kept


def write_pcap(path: str | Path, frames: Sequence[Frame]) -> int:
    """Write frames in order of time; gives how many. Those of another link type than the first are left out.

    Raises:
        SinkError: The file cannot be written.
    """
    ordered = sorted(frames, key=lambda frame: frame.ts_us)
    same = [frame for frame in ordered if frame.link_type == ordered[0].link_type]
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, same[0].link_type if same else 1)
    records = [
        struct.pack("<IIII", frame.ts_us // 1_000_000 % 2**32, frame.ts_us % 1_000_000, len(frame.data), frame.length)
        + frame.data
        for frame in same
    ]
    try:
        Path(path).write_bytes(head + b"".join(records))
    except OSError as error:
        raise SinkError(f"packets cannot be written to {path}: {error.strerror or error}") from error
    return len(same)
