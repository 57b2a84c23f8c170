"""Compiling before it counts."""

from __future__ import annotations

import os
import struct

from clan.flows import FlowEngine, FlowSettings
from clan.sources.live.stream import PipeStream
from clan.sources.packets import PacketReader


def warm_up() -> None:
    """Send one packet through everything that a live capture uses, so that all of it is compiled."""
    ip = bytes.fromhex("4500001c000000004011000001020304050607080035003500080000")
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    reading, writing = os.pipe()
    try:
        os.write(writing, header + struct.pack("<IIII", 1, 0, len(ip), len(ip)) + ip)
        os.set_blocking(reading, False)
        stream = PipeStream(reading, "one packet")
        stream.begin_turn(1 << 12)
        engine = FlowEngine(FlowSettings(max_flows=16), source="")
        for packets in PacketReader(stream).ready():
            list(engine.feed(packets))
        list(engine.advance(1))
        list(engine.finish())
    finally:
        os.close(reading)
        os.close(writing)
