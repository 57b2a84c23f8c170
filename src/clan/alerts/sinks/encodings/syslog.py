"""A record of RFC 5424 around another encoding: priority, time, host, structured data, and the record as the message.

The structured data have the id `clan@32473` unless told otherwise; 32473 is the number that RFC 5612 keeps for
examples, for clan has none of its own. The message has no byte order mark (MSG-ANY): it is ASCII for the JSON
formats and UTF-8 for the others, and parsers of CEF stumble over a mark.
"""

from __future__ import annotations

import re
import socket
from typing import Final

from clan.alerts.alert import Alert
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container, Encoding
from clan.alerts.sinks.finding import Finding, finding_of
from clan.alerts.text import visible
from clan.errors import ConfigError, UnknownNameError

FACILITIES: Final = {
    name: code
    for code, name in enumerate(
        ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp")
    )
} | {f"local{i}": 16 + i for i in range(8)}
"""Facilities of RFC 5424 by their usual names."""
_APP: Final = "clan"
_SD_ID: Final = re.compile(r'[^\s="\]\x00-\x20\x7f-\U0010ffff]{1,32}', re.ASCII)
_PARAMETER: Final = 255  # characters of a value that are kept


class Syslog:
    """Records of RFC 5424; see the module.

    Args:
        inner: Encoding of the message.
        facility: Name of the facility, see `FACILITIES`.
        sd_id: Id of the structured data, such as `clan@32473`.
        host: Name of this host; default: what the system calls it.

    Raises:
        ConfigError: The facility or the id cannot be.
    """

    def __init__(self, inner: Encoding, *, facility: str, sd_id: str, host: str | None = None) -> None:
        if facility not in FACILITIES:
            raise UnknownNameError("syslog facility", facility, FACILITIES)
        if not _SD_ID.fullmatch(sd_id):
            raise ConfigError(f"sd_id is printable ASCII without blanks, =, ] and quotes, at most 32; got {sd_id!r}")
        self.name, self.container = inner.name, Container(media_type=inner.container.media_type)
        self._inner, self._facility, self._sd_id = inner, FACILITIES[facility], sd_id
        name = socket.gethostname() if host is None else host
        self._host = "".join(char for char in name if 0x21 <= ord(char) <= 0x7E)[:255] or "-"

    def encode(self, event: Event) -> bytes:
        """Write an event as one record."""
        f = finding_of(event)
        priority = self._facility * 8 + f.level.syslog
        stamp = f.time.isoformat(timespec="microseconds").replace("+00:00", "Z")
        parameters = " ".join(f'{name}="{_escaped(value)}"' for name, value in _parameters(f) if value)
        head = f"<{priority}>1 {stamp} {self._host} {_APP} - {f.kind} [{self._sd_id} {parameters}] "
        return head.encode() + self._inner.encode(event)


def _parameters(f: Finding) -> list[tuple[str, str]]:
    alert = f.event if isinstance(f.event, Alert) else None

    def number(value: int | None) -> str:
        return "" if value is None else str(value)

    return [
        ("id", f.record_id),
        ("severity", f.level.name),
        ("src", f.src.address or ""),
        ("srcPort", number(f.src.port)),
        ("dst", f.dst.address or ""),
        ("dstPort", number(f.dst.port)),
        ("proto", f.transport or ""),
        ("score", repr(f.event.anomaly_score)),
        ("pValue", repr(f.event.p_value)),
        ("model", f.model_id),
        ("label", f.label or ""),
        ("communityId", "" if alert is None else alert.community_id or ""),
        ("incident", f.id if alert is None else alert.incident_id or ""),
        ("alerts", number(f.n_alerts)),
    ]


def _escaped(text: str) -> str:
    r"""Escape a parameter's value: `"`, `\` and `]`, after all that does not print is spelled out."""
    shown = visible(text, limit=_PARAMETER)
    return shown.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
