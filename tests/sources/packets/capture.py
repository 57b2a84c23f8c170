"""A small conversation as frames, and the ways to read a capture of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from tests.flows import build
from tests.flows.build import ACK, FIN, PSH, START_US, SYN, Frame
from tests.flows.run import SMALL

from clan.sources import empty_flows
from clan.sources.packets import PacketSource

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def conversation(n: int = 6, *, start: int = START_US) -> list[Frame]:
    """`n` UDP requests of different clients and their answers, each a flow of two packets, then one TCP connection."""
    out = []
    for i in range(n):
        ports, pair = (1000 + i, 53), (f"10.1.0.{i % 250 + 1}", SERVER)
        out.append(Frame(start + 20 * i, build.ethernet(build.ip(*pair, 17, build.udp(*ports, bytes(i))))))
        answer = build.ip(*pair[::-1], 17, build.udp(*ports[::-1], bytes(3 * i)))
        out.append(Frame(start + 20 * i + 7, build.ethernet(answer)))
    for i, flags in enumerate((SYN, ACK, PSH | ACK, FIN | ACK)):
        segment = build.tcp(40000, 443, flags, bytes(10 * (flags & PSH > 0)))
        out.append(Frame(start + 20 * n + i, build.ethernet(build.ip(CLIENT, SERVER, 6, segment))))
    return out


def read(
    path: Path,
    *,
    chunk_bytes: int = 4 << 20,
    strict: bool = False,
    source: str | None = None,
    features: Sequence[str] = ("flow",),
) -> tuple[pl.DataFrame, dict[str, int], list[str]]:
    """All flows, counters and warnings of a capture; `source` replaces the path in the table."""
    return read_parts([path], chunk_bytes=chunk_bytes, strict=strict, source=source, features=features)


def read_parts(
    paths: Sequence[Path],
    *,
    chunk_bytes: int = 4 << 20,
    strict: bool = False,
    source: str | None = None,
    features: Sequence[str] = ("flow",),
) -> tuple[pl.DataFrame, dict[str, int], list[str]]:
    """The same for the parts of one rotated capture."""
    opened = PacketSource([str(p) for p in paths], SMALL, features=features, chunk_bytes=chunk_bytes, strict=strict)
    try:
        flows = pl.concat([empty_flows(features), *opened.batches()])
        counts, warnings = opened.counts(), opened.warnings()
    finally:
        opened.close()
    return flows if source is None else flows.with_columns(pl.lit(source).alias("source")), counts, warnings
