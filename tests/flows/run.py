"""Frames in, flow table and counters out: the engine by its public face, without a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from tests.flows import build
from tests.flows.build import Frame
from tests.flows.reference import Packet

from clan.flows import FlowEngine, FlowSettings, Packets
from clan.sources import empty_flows

SMALL = FlowSettings(max_flows=100_000)
"""The default profile with a table that is quick to make; more flows than any test here has open."""

VERDICTS = (
    "packets_in_flows",
    "truncated_headers",
    "not_ip",
    "unsupported_link_type",
    "malformed",
    "other_protocol",
    "orphan_fragments",
    "nested_too_deep",
    "after_close",
)
"""The counters of which each packet moves exactly one."""


def packets_of(frames: Sequence[Frame], link_type: int) -> Packets:
    """Lay frames one behind the other in a buffer of exactly their size."""
    sizes = np.array([len(frame.data) for frame in frames], np.int64)
    return Packets(
        buffer=np.frombuffer(b"".join(frame.data for frame in frames), np.uint8).copy(),
        offset=np.cumsum(sizes) - sizes,
        captured=sizes,
        length=np.array([len(f.data) if f.wire is None else f.wire for f in frames], np.int64),
        ts=np.array([frame.ts for frame in frames], np.int64),
        link_type=np.full(len(frames), link_type, np.int64),
    )


def run(
    frames: Sequence[Frame], *, link_type: int = build.ETHERNET, settings: FlowSettings | None = None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Feed all frames as one chunk; gives all flows in the order in which they left, and the counters."""
    engine = FlowEngine(settings or SMALL, source="test")
    batches = [*engine.feed(packets_of(frames, link_type)), *engine.finish()]
    counts = engine.counts()
    assert sum(counts[name] for name in VERDICTS) == counts["packets"] == len(frames)
    return pl.concat([empty_flows(), *batches]), counts


def packets_in(flows: pl.DataFrame) -> int:
    """Packets of all flows together."""
    return int(flows.select((pl.col("fwd_pkt_cnt") + pl.col("bwd_pkt_cnt")).sum()).item())


def one_flow(frames: Sequence[Frame], *, link_type: int = build.ETHERNET) -> dict[str, object]:
    """The only flow that these frames make."""
    flows, _ = run(frames, link_type=link_type)
    assert flows.height == 1, flows.select("src_ip", "src_port", "dst_ip", "dst_port", "protocol")
    return flows.row(0, named=True)


def verdict_of(data: bytes, *, link_type: int = build.ETHERNET, wire: int | None = None) -> str:
    """The counter that a single frame moves."""
    _, counts = run([Frame(build.START_US, data, wire)], link_type=link_type)
    return next(name for name in VERDICTS if counts[name])


def frame_of(packet: Packet) -> Frame:
    """Put a packet of the reference on the wire, as Ethernet."""
    body, source, target = bytes(packet.payload), packet.src_port or 0, packet.dst_port or 0
    if packet.protocol == 6:
        options = bytes(packet.header - 20)
        transport = build.tcp(source, target, packet.flags, body, window=packet.window, options=options)
    elif packet.protocol in (17, 136):
        transport = build.udp(source, target, body)
    elif packet.protocol == 132:
        transport = build.sctp(source, target, body)
    elif packet.protocol in (1, 58):
        transport = build.icmp(source, 0 if packet.dst_port is None else target & 0xFF, body)
    elif packet.protocol == 2:
        transport = build.igmp(body)
    else:
        transport = body
    vlans = [(0x8100, packet.vlan)] if packet.vlan else []
    return Frame(packet.ts, build.ethernet(build.ip(packet.src, packet.dst, packet.protocol, transport), vlans=vlans))
