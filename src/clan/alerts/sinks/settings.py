"""What a user asks of a sink."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from clan.alerts.delivery import DeliverySettings
from clan.alerts.sinks.address import Address, address_of
from clan.alerts.sinks.base import Events
from clan.alerts.sinks.encoding import encoding_names
from clan.alerts.sinks.kind import Kind, kind_of
from clan.alerts.sinks.option import Value, option_names, read_options
from clan.errors import ConfigError, UnknownNameError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
LEVELS: Final = {"high": 1, "medium": 2, "low": 3, "marginal": 4}


@dataclass(frozen=True, kw_only=True)
class General:
    """Options that every sink has, beside those of its delivery."""

    name: str | None = None
    format: str | None = None
    severity: Literal["high", "medium", "low", "marginal"] = "marginal"
    events: Events = "alerts"


@dataclass(frozen=True, kw_only=True)
class SinkSettings:
    """A sink with its options, checked; nothing is opened yet.

    Attributes:
        kind: What kind of sink.
        address: Where it leads; not shown, for a path may be a secret.
        name: What it is called in messages, statistics and the folder of its spool.
        format: Name of the encoding.
        severity: The least severe level that it takes, 1 (high) to 4 (marginal).
        events: Whether it takes alerts, incidents or both.
        delivery: How hard it tries.
        spooled: Whether there is a spool; without one, a failure is the caller's.
        options: Options of its kind.
    """

    kind: Kind
    address: Address = field(repr=False)
    name: str
    format: str
    severity: int
    events: Events
    delivery: DeliverySettings
    spooled: bool
    options: Any = field(repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read a sink as the command line has it, such as `syslog+udp://127.0.0.1:514?format=cef`.

        Raises:
            ConfigError: Something of it is unknown or not allowed.
        """
        return cls.from_table({"url": url})

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read a sink as a TOML file has it: `url`, and options beside it or in it.

        Raises:
            ConfigError: Something of it is unknown, given twice or not allowed.
        """
        url = table.get("url")
        if not isinstance(url, str):
            raise ConfigError('a sink needs a url, for instance url = "file:alerts.ndjson"')
        address = address_of(url)
        kind = kind_of(address.scheme)
        beside = {name: value for name, value in table.items() if name != "url"}
        twice = sorted(beside.keys() & address.options.keys())
        if twice:
            raise ConfigError(f"a {kind.scheme} sink has {', '.join(twice)} in its URL and beside it")
        return cls._of(kind, address, {**address.options, **beside})

    @classmethod
    def _of(cls, kind: Kind, address: Address, given: Mapping[str, Value]) -> Self:
        what, opener = f"a {kind.scheme} sink", kind.opener
        parts: tuple[Any, ...] = (General, DeliverySettings, opener.Options)
        known = [option_names(part) for part in parts]
        for name, value in given.items():
            if not any(name in names for names in known):
                raise UnknownNameError(f"option of {what}", name, {n for names in known for n in names})
            if not isinstance(value, str | int | float | bool):
                raise ConfigError(f"option {name} of {what} must be one value, got {type(value).__name__}")
        read: list[Any] = [
            read_options(part, {n: v for n, v in given.items() if n in names}, what=what)
            for part, names in zip(parts, known, strict=True)
        ]
        general: General = read[0]
        delivery: DeliverySettings = read[1]
        encoding = general.format or kind.format
        if encoding not in encoding_names():
            raise UnknownNameError("format", encoding, encoding_names())
        if general.name is not None and not _NAME.fullmatch(general.name):
            raise ConfigError(f"the name of {what} is letters, digits, dots, - and _, at most 64; got {general.name!r}")
        opener.check_address(address)
        return cls(
            kind=kind,
            address=address,
            name=general.name or _name_of(address, encoding),
            format=encoding,
            severity=LEVELS[general.severity],
            events=general.events,
            delivery=dataclasses.replace(delivery, spool=None) if delivery.spool == "off" else delivery,
            spooled=delivery.spool != "off",
            options=read[2],
        )


def _name_of(address: Address, encoding: str) -> str:
    """Make a name that is the same in every run and tells sinks apart."""
    text = "\0".join((address.scheme, address.netloc, address.raw_path, encoding))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{address.scheme.replace('+', '-')}-{digest}"
