"""Which transports there are, by the scheme of their URLs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol

from clan.alerts.delivery import Transport
from clan.alerts.sinks.address import Address
from clan.alerts.sinks.encoding import Encoding
from clan.errors import UnknownNameError


class Opener(Protocol):
    """The module of a transport.

    Attributes:
        Options: A dataclass of its options.
    """

    Options: type[Any]

    def check_address(self, address: Address) -> None:
        """Raise a ConfigError where the URL does not name such a receiver."""

    def encoding_over(self, encoding: Encoding, options: Any) -> Encoding:
        """Give the encoding of what is sent: the encoding itself, or with something around it."""

    def open_transport(self, address: Address, options: Any, encoding: Encoding) -> Transport:
        """Make the transport; it connects with the first batch.

        Raises:
            ConfigError: A secret is missing.
            MissingExtra: A library is missing.
            SinkError: A file cannot be opened.
        """


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of sink.

    Attributes:
        scheme: Scheme of its URLs.
        module: Module of its transport, below `clan.alerts.sinks.transports`.
        format: Name of the encoding unless another is asked for.
        example: A URL.
    """

    scheme: str
    module: str
    format: str
    example: str

    @property
    def opener(self) -> Opener:
        """Its module."""
        module: Any = import_module(f"clan.alerts.sinks.transports.{self.module}")
        return module


_KINDS: Final = tuple(
    Kind(scheme=scheme, module=module, format=encoding, example=example)
    for scheme, module, encoding, example in (
        ("file", "file", "eve", "file:alerts.ndjson?rotate=100MB&keep=10"),
        ("syslog+udp", "syslog", "text", "syslog+udp://127.0.0.1:514"),
        ("syslog+tcp", "syslog", "text", "syslog+tcp://127.0.0.1:601?format=cef"),
        ("syslog+tls", "syslog", "text", "syslog+tls://siem.example:6514?format=cef&ca=/etc/ssl/siem.pem"),
        ("webhook+https", "webhook", "ecs", "webhook+https://hooks.example/clan?secret_env=CLAN_WEBHOOK_KEY"),
        ("webhook+http", "webhook", "ecs", "webhook+http://127.0.0.1:8080/clan?signed=no"),
        ("kafka", "kafka", "eve", "kafka://127.0.0.1:9092/clan-alerts"),
        ("redis", "redis", "eve", "redis://127.0.0.1:6379/clan-alerts?maxlen=100000"),
        ("rediss", "redis", "eve", "rediss://redis.example:6379/clan-alerts?password_env=CLAN_REDIS_PASSWORD"),
    )
)
_BY_SCHEME: Final = {kind.scheme: kind for kind in _KINDS}


def kinds() -> Sequence[Kind]:
    """Give all kinds."""
    return _KINDS


def kind_of(scheme: str) -> Kind:
    """Find a kind by its scheme.

    Raises:
        UnknownNameError: There is none.
    """
    if scheme not in _BY_SCHEME:
        raise UnknownNameError("kind of sink", scheme, _BY_SCHEME)
    return _BY_SCHEME[scheme]
