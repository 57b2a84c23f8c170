r"""Alerts in ArcSight's Common Event Format: `CEF:0|vendor|product|version|id|name|severity|extension`.

In the header `\` and `|` are escaped, in the extension `\` and `=`; line breaks and whatever else does not print are
spelled out first, so that no field can end a record or begin another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from clan._version import __version__
from clan.alerts.alert import Alert
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.encodings.eve import GENERATOR_ID, INCIDENT_ID, SIGNATURE_ID
from clan.alerts.sinks.finding import EPOCH, Endpoint, Finding, finding_of
from clan.alerts.text import visible

_MESSAGE = 1023  # the dictionary's limit for msg


class Cef:
    """CEF records, one a line; see the module."""

    def __init__(self) -> None:
        self.name, self.container = "cef", Container(media_type="text/plain; charset=utf-8")

    def encode(self, event: Event) -> bytes:
        """Write an event as one record."""
        return _record(finding_of(event)).encode("utf-8")


def encoding(_: str) -> Cef:
    """Make the encoding."""
    return Cef()


def _record(f: Finding) -> str:
    signature = f"{GENERATOR_ID}:{SIGNATURE_ID if f.kind == 'alert' else INCIDENT_ID}"
    head = ("clan", "clan", __version__, signature, f.title, str(f.level.cef))
    pairs = (f"{key}={_value(value)}" for key, value in _extension(f).items() if value is not None and value != "")
    return "|".join(("CEF:0", *(_header(part) for part in head), " ".join(pairs)))


def _extension(f: Finding) -> dict[str, Any]:
    """Fields in the order of the dictionary's importance; custom ones carry their label beside them."""
    event = f.event
    alert = event if isinstance(event, Alert) else None
    return {
        "externalId": f.record_id,
        "rt": _millis(f.time),
        "start": None if f.start is None else _millis(f.start),
        "end": None if f.end is None else _millis(f.end),
        **_side(f.src, "src", "spt", "shost", "c6a2", "Source IPv6 Address"),
        **_side(f.dst, "dst", "dpt", "dhost", "c6a3", "Destination IPv6 Address"),
        "proto": f.transport,
        "cat": f.label or f.title,
        "cnt": f.n_alerts,
        "msg": visible(f.sentence, limit=_MESSAGE),
        "cfp1": repr(event.anomaly_score),
        "cfp1Label": "anomaly score",
        "cfp2": repr(event.p_value),
        "cfp2Label": "p-value",
        "cs1": f.model_id,
        "cs1Label": "model",
        **_custom("cs2", "community id", None if alert is None else alert.community_id),
        **_custom("cs3", "first reason", alert.reasons[0].sentence if alert and alert.reasons else None),
        **_custom("cs4", "source", f.source),
        **_custom("cs5", "ATT&CK technique", None if f.technique is None else f.technique.technique_id),
        **_custom("cs6", "incident", f.id if alert is None else alert.incident_id),
    }


def _custom(key: str, label: str, value: str | None) -> dict[str, str]:
    return {key: value, f"{key}Label": label} if value else {}


def _side(end: Endpoint, ip: str, port: str, host: str, ip6: str, label: str) -> dict[str, Any]:
    """The dictionary has IPv4 in `src` and `dst` and keeps IPv6 in custom fields."""
    where = {ip6: end.ip, f"{ip6}Label": label} if end.version == 6 else {ip: end.ip}
    return where | {port: end.port, host: end.name or (end.address if end.ip is None else None)}


def _millis(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() * 1000)


def _header(text: str) -> str:
    return visible(text, limit=256).replace("\\", "\\\\").replace("|", "\\|")


def _value(value: Any) -> str:
    text = visible(str(value), limit=_MESSAGE)
    return text.replace("\\", "\\\\").replace("=", "\\=")
