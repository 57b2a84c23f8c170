"""Compiling before it counts."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence

from clan.context import ContextEngine, ContextSettings
from clan.flows import FlowEngine, FlowSettings
from clan.sources.groups import CONTEXT, measured
from clan.sources.live.stream import PipeStream
from clan.sources.packets import PacketReader


def warm_up(groups: Sequence[str] = ("flow",)) -> None:
    """Send one packet through everything that a live capture of some feature groups uses, so that all is compiled."""
    ip = bytes.fromhex("4500001e0000000040110000010203040506070800350035000a00004142")
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    reading, writing = os.pipe()
    try:
        os.write(writing, header + struct.pack("<IIII", 1, 0, len(ip), len(ip)) + ip)
        os.set_blocking(reading, False)
        stream = PipeStream(reading, "one packet")
        stream.begin_turn(1 << 12)
        engine = FlowEngine(FlowSettings(max_flows=16), source="", groups=measured(groups))
        for packets in PacketReader(stream).ready():
            list(engine.feed(packets))
        list(engine.advance(1))
        for batch in engine.finish():
            if CONTEXT in groups:
                ContextEngine(ContextSettings(max_entities=16, max_links=16)).add(batch)
    finally:
        os.close(reading)
        os.close(writing)
