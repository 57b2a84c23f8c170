"""One way into every source: what is to be read, and the reader of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from clan.flows import EarlyReports, FlowSettings
from clan.sources.follow import FollowReader
from clan.sources.live import LiveReader
from clan.sources.netflow import NetflowReader, parse_place
from clan.sources.reader import FlowReader
from clan.sources.redis_feed import is_redis

Reader = FlowReader | LiveReader | NetflowReader | FollowReader
"""Whatever gives flows: files, interfaces, exporters, logs that grow."""


class Readers(NamedTuple):
    """The classes that read; whoever shows how it goes has some of its own."""

    files: type[FlowReader] = FlowReader
    live: type[LiveReader] = LiveReader
    netflow: type[NetflowReader] = NetflowReader
    follow: type[FollowReader] = FollowReader


USUAL_READERS = Readers()


@dataclass(frozen=True, kw_only=True)
class Input:
    """What is to be read or captured.

    Attributes:
        paths: Files; empty for live capture.
        interfaces: Interfaces; empty for files.
        listen: Ports that exporters send to; empty for files.
        columns: What the columns of a table mean; None: clan looks at their names.
        bpf: Filter expression for live capture.
        tool: Name of the capture tool.
        format_name: Take every file as this format; None: look at its first bytes.
        join: The files are the parts of one rotated capture.
        strict: Raise on the first damage.
        workers: Processes that read; None: chosen by the reader.
        features: Feature groups; None: what the source gives unless asked.
        follow: The files are logs that grow.
        state: The file that remembers how far they were read.
        keep_records: Keep the lines of the logs.
    """

    paths: Sequence[str] = ()
    interfaces: Sequence[str] = ()
    listen: Sequence[str] = ()
    columns: Mapping[str, Any] | None = None
    bpf: str | None = None
    tool: str | None = None
    format_name: str | None = None
    join: bool = False
    strict: bool = False
    workers: int | None = None
    features: tuple[str, ...] | None = None
    follow: bool = False
    state: str | None = None
    keep_records: bool = False

    @property
    def endless(self) -> bool:
        """Whether the input goes on until somebody says stop."""
        return bool(self.interfaces or self.listen or self.following)

    @property
    def following(self) -> bool:
        """Whether logs are followed; what comes from Redis always is."""
        return self.follow or any(is_redis(path) for path in self.paths)


def open_reader(
    wanted: Input, settings: FlowSettings, *, early: EarlyReports | None = None, readers: Readers = USUAL_READERS
) -> Reader:
    """Open what is to be read.

    Args:
        wanted: Files, interfaces or ports.
        settings: How packets are cut into flows.
        early: When long flows of a live capture are reported early.
        readers: The classes that read.

    Raises:
        ConfigError, SourceError: As the reader says.
    """
    if wanted.listen:
        return readers.netflow([parse_place(text) for text in wanted.listen], features=wanted.features)
    if wanted.interfaces:
        return readers.live(
            wanted.interfaces,
            settings=settings,
            features=wanted.features,
            bpf=wanted.bpf,
            early=early,
            tool=wanted.tool,
        )
    if wanted.following:
        return readers.follow(
            wanted.paths,
            format_name=wanted.format_name,
            features=wanted.features,
            state=wanted.state,
            keep_records=wanted.keep_records,
        )
    return readers.files(
        wanted.paths,
        settings=settings,
        features=wanted.features,
        format_name=wanted.format_name,
        join=wanted.join,
        strict=wanted.strict,
        workers=wanted.workers,
        keep_records=wanted.keep_records,
        columns=wanted.columns,
    )
