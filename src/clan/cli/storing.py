"""The store on the command line: where it is, and what people write for times, networks and classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clan.errors import ConfigError

if TYPE_CHECKING:
    from clan.alerts.store import Query, Store

DEFAULT = "clan.db"

StoreFile = Annotated[
    str, typer.Option("--store", metavar="FILE.db", help="The store, as clan detect --store or clan watch wrote it.")
]
Source = Annotated[str | None, typer.Option("--src", metavar="CIDR", help="Originator.", show_default=False)]
Destination = Annotated[str | None, typer.Option("--dst", metavar="CIDR", help="Responder.", show_default=False)]
Host = Annotated[str | None, typer.Option("--host", metavar="CIDR", help="Either side.", show_default=False)]
Port = Annotated[int | None, typer.Option("--port", metavar="P", help="Port of the responder.", show_default=False)]
Protocol = Annotated[
    str | None, typer.Option("--protocol", metavar="P", help="Name or number, such as tcp.", show_default=False)
]
ClassName = Annotated[
    str | None, typer.Option("--class", metavar="NAME", help="Name of a class, as naming gives it.", show_default=False)
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="Not before: a time, or an age such as 7d.", show_default=False),
]
Before = Annotated[
    str | None, typer.Option("--before", metavar="T", help="Before: a time, or an age such as 7d.", show_default=False)
]
Severity = Annotated[
    str | None,
    typer.Option(
        "--severity", metavar="NAME", help="high, medium, low or marginal, and what is worse.", show_default=False
    ),
]
Hidden = Annotated[bool, typer.Option("--hidden", help="Also what suppressions hide.")]
Limit = Annotated[int, typer.Option("-n", "--limit", metavar="N", help="At most so many; 0 = all.")]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def open_store(path: str, *, create: bool = False) -> Store:
    """Open a store that is there.

    Raises:
        StoreError: It is not there, or is no store.
    """
    from clan.alerts.store import Store
    from clan.errors import StoreError

    if not create and not Path(path).exists():
        more = "name it with --store" if path == DEFAULT else "clan detect --store makes one"
        raise StoreError(f"there is no store {path}; {more}")
    return Store(path, create=create)


def moment_of(text: str | None, what: str, *, ahead: bool = False) -> datetime | None:
    """Read a time: ISO 8601 (UTC where it names no zone), or a span such as `90m`, `12h`, `7d` or `2w`.

    Args:
        text: What was written; None stays None.
        what: The option, for the message.
        ahead: Whether a span is from now on; otherwise it is that long ago.

    Raises:
        ConfigError: It is neither.
    """
    if text is None:
        return None
    span = re.fullmatch(r"(\d{1,5})\s*([smhdw])", text.strip().lower())
    if span:
        length = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return datetime.now(UTC) + (length if ahead else -length)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigError(
            f"{what} {text!r} is no time: write 2026-12-01, 2026-12-01T08:00, or a span such as 12h or 7d"
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the options of a list say, as they were written."""

    host: str | None = None
    src: str | None = None
    dst: str | None = None
    port: int | None = None
    protocol: str | None = None
    label: str | None = None
    since: str | None = None
    before: str | None = None
    severity: str | None = None
    incident: str | None = None
    hidden: bool = False
    limit: int = 0

    def query(self) -> Query:
        """Read them.

        Raises:
            ConfigError: One of them means nothing.
        """
        if self.port is not None and not 0 <= self.port <= 65_535:
            raise ConfigError(f"--port is 0 to 65535, got {self.port}")
        if not 0 <= self.limit < 1 << 63:
            raise ConfigError(f"-n is a number of lines, 0 = all, got {self.limit}")
        from clan.alerts.store import Query
        from clan.alerts.suppression import network
        from clan.alerts.transport import protocol_number

        return Query(
            host=network(self.host, "--host"),
            src=network(self.src, "--src"),
            dst=network(self.dst, "--dst"),
            port=self.port,
            protocol=None if self.protocol is None else protocol_number(self.protocol),
            label=self.label,
            since=moment_of(self.since, "--since"),
            until=moment_of(self.before, "--before"),
            severity=_severity(self.severity),
            incident_id=self.incident,
            hidden=self.hidden,
            limit=self.limit or None,
        )


def _severity(name: str | None) -> int | None:
    from clan.alerts import SEVERITIES
    from clan.errors import UnknownNameError

    if name is None:
        return None
    levels = {word: level for level, word in SEVERITIES.items()} | {str(level): level for level in SEVERITIES}
    if name.lower() not in levels:
        raise UnknownNameError("severity", name, SEVERITIES.values())
    return levels[name.lower()]
