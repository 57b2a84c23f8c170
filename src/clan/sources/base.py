"""What every source of flows looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import polars as pl


class Source(Protocol):
    """Batches of flows from one stream; iterate once, then close."""

    name: str
    """The stream, as the `source` column names it."""
    kind: str
    """What a model remembers: ``packets``, ``zeek``, ..."""
    groups: tuple[str, ...]
    """The feature groups that it can tell (names of `clan.schema.GROUPS`), first the one that it gives unless asked.

    A constructor takes the groups that are wanted as `features`, and checks them by `clan.sources.groups`. For
    `context` it gives the measured columns of `conn`, that `ContextColumns` computes it from."""
    bytes_read: int
    """How far reading has come, in bytes of the file as it lies on disk."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """How flows were cut, as a model remembers it."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables in order of (`ts_end`, `uid`); columns as in `clan.schema`."""

    def counts(self) -> dict[str, int]:
        """Give what became of everything that was read so far, by name; nothing is dropped without a number."""

    def warnings(self) -> list[str]:
        """Give what the user should know about this stream, such as a truncated end."""

    def close(self) -> None:
        """Release the file, socket or interface; safe to call twice."""


@runtime_checkable
class EndlessReader(Protocol):
    """What goes on until somebody says stop: interfaces, exporters."""

    kind: str
    """What a model remembers: ``packets``, ``netflow``, ..."""
    groups: tuple[str, ...]
    """Feature groups of the flow tables."""
    report: Any
    """The account, complete when the batches have ended (`clan.sources.ReadReport`)."""
    on_status: Callable[[Any], None] | None
    """Told about every second how it goes (`clan.sources.LiveStatus`)."""
    on_stats: Callable[[Any], None] | None
    """Told the same, and once more at the end."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows as they end, until `stop`."""

    def stop(self) -> None:
        """End it; `batches` then gives what is left, and ends. Safe in a signal handler."""


def stream_name(path: str) -> str:
    r"""Name a stream after its first file; bytes of the path that are no UTF-8 are spelled out, as no table holds them.

    Example:
        >>> stream_name("caf\udce9.pcap")
        'caf\\xe9.pcap'
    """
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
