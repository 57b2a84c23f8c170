"""What an encoding is, and which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Protocol

from clan.alerts.sinks.base import Event
from clan.errors import UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Container:
    """What stands around and between records where several make one document.

    Attributes:
        head: At its beginning.
        first: Between that and the first record, if there is one.
        between: Between two records.
        tail: At its end.
        media_type: Its media type.
    """

    head: bytes = b""
    first: bytes = b""
    between: bytes = b"\n"
    tail: bytes = b"\n"
    media_type: str = "application/x-ndjson"

    def document(self, records: Sequence[bytes]) -> bytes:
        """Make one document of one or more records."""
        return self.head + self.first + self.between.join(records) + self.tail


class Encoding(Protocol):
    """A form of alerts and incidents as bytes.

    Attributes:
        name: What it is called in settings.
        container: How several records make a document.
    """

    name: str
    container: Container

    def encode(self, event: Event) -> bytes:
        """Write an event as one record without its end, free of line breaks; every text in it is bounded and escaped.

        Same event, same bytes: a repetition of it can be recognised.
        """


_MODULES: Final = {
    "cef": "cef",
    "ecs": "ecs",
    "eve": "eve",
    "ocsf": "ocsf",
    "stix": "stix",
    "text": "text_line",
    "zeek": "zeek_notice",
    "zeek-json": "zeek_notice",
}


def encoding_names() -> list[str]:
    """Names of the encodings."""
    return sorted(_MODULES)


def encoding_of(name: str) -> Encoding:
    """Make the encoding with a name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in _MODULES:
        raise UnknownNameError("format", name, _MODULES)
    module = import_module(f"clan.alerts.sinks.encodings.{_MODULES[name]}")
    make: Callable[[str], Encoding] = module.encoding
    return make(name)
