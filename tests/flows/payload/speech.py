"""What two hosts say to each other, as frames, and what group `payload` makes of it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from tests.flows import build
from tests.flows.build import ACK, ETHERNET, PSH, START_US, Frame
from tests.flows.run import SMALL, packets_of

from clan.flows import EarlyReports, FlowEngine, FlowSettings
from clan.schema import features_of

HOSTS = ("10.0.0.1", "10.0.0.2")
COLUMNS = [feature.name for feature in features_of(["payload"])]

Said = tuple[int, bytes]
"""Who says it (0 the client, 1 the server), and what."""


def over_udp(said: Sequence[Said], *, port: int = 53, client: int = 4000, start: int = START_US) -> list[Frame]:
    """A datagram for each, a millisecond apart."""
    frames = []
    for i, (way, data) in enumerate(said):
        ports = (client, port) if way == 0 else (port, client)
        packet = build.ip(HOSTS[way], HOSTS[1 - way], 17, build.udp(*ports, data))
        frames.append(Frame(start + 1000 * i, build.ethernet(packet)))
    return frames


def segment(way: int, sequence: int, data: bytes, *, ts: int, flags: int = PSH | ACK, port: int = 80) -> Frame:
    """One TCP segment."""
    ports = (4000, port) if way == 0 else (port, 4000)
    tcp = build.tcp(*ports, flags, data, sequence=sequence & 0xFFFFFFFF)
    return Frame(ts, build.ethernet(build.ip(HOSTS[way], HOSTS[1 - way], 6, tcp)))


def over_tcp(said: Sequence[Said], *, size: int = 500, port: int = 80, base: int = 7) -> list[Frame]:
    """Segments of a size, a millisecond apart."""
    frames: list[Frame] = []
    sent = [base, base]
    for way, data in said:
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            frames.append(segment(way, sent[way], piece, ts=START_US + 1000 * len(frames), port=port))
            sent[way] += len(piece)
    return frames


def flows_of(
    frames: Sequence[Frame], *, settings: FlowSettings = SMALL, early: EarlyReports | None = None
) -> tuple[pl.DataFrame, FlowEngine]:
    """The flows and the engine."""
    engine = FlowEngine(settings, source="test", groups=["payload"], early=early)
    return pl.concat([*engine.feed(packets_of(frames, ETHERNET)), *engine.finish()]), engine


def heard(frames: Sequence[Frame]) -> dict[str, float | None]:
    """Group `payload` of the only flow."""
    flows, _ = flows_of(frames)
    assert flows.height == 1
    return flows.select(COLUMNS).row(0, named=True)


def told(row: dict[str, float | None], prefix: str) -> dict[str, float]:
    """What is not null of a protocol, without the prefix."""
    return {
        name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix) and value is not None
    }
