r"""Alerts as Zeek's `notice.log`, in Zeek's text form (`zeek`) or as its JSON (`zeek-json`).

The columns are those of Zeek's `Notice::Info` that a notice without a file, mail or place has. Text in the text form is
escaped as Zeek's writer does: what does not print, the separator and the backslash as `\x..`, and so is a value that
would read as unset or empty. A comma separates only in sets, and ours hold no text from outside.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from clan.alerts.alert import Alert
from clan.alerts.json_line import json_line
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.finding import EPOCH, Finding, finding_of
from clan.alerts.text import bounded

COLUMNS: Final = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "note": "enum",
    "msg": "string",
    "sub": "string",
    "src": "addr",
    "dst": "addr",
    "p": "port",
    "n": "count",
    "peer_descr": "string",
    "actions": "set[enum]",
    "suppress_for": "interval",
}
"""Columns of the log with Zeek's types, in Zeek's order."""
NOTES: Final = {"alert": "CLAN::Anomalous_Flow", "incident": "CLAN::Incident"}
_TEXT: Final = 1024


class ZeekNotice:
    """Lines of `notice.log`; see the module.

    Args:
        text: Whether in Zeek's text form; otherwise JSON.
    """

    def __init__(self, *, text: bool) -> None:
        self.name, self._text = "zeek" if text else "zeek-json", text
        head = _head(datetime.now(UTC)) if text else b""
        self.container = Container(
            head=head, media_type="text/tab-separated-values" if text else "application/x-ndjson"
        )

    def encode(self, event: Event) -> bytes:
        """Write an event as one line."""
        row = _row(finding_of(event))
        if not self._text:
            return json_line({name: value for name, value in row.items() if value is not None})
        return "\t".join(_cell(row[name]) for name in COLUMNS).encode("ascii")


def encoding(name: str) -> ZeekNotice:
    """Make the encoding."""
    return ZeekNotice(text=name == "zeek")


def _head(opened: datetime) -> bytes:
    lines = (
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tnotice",
        f"#open\t{opened:%Y-%m-%d-%H-%M-%S}",
        "\t".join(("#fields", *COLUMNS)),
        "\t".join(("#types", *COLUMNS.values())),
    )
    return "".join(line + "\n" for line in lines).encode("ascii")


def _row(f: Finding) -> dict[str, Any]:
    """The values by column, None where there is none."""
    alert = f.event if isinstance(f.event, Alert) else None
    reasons = "; ".join(reason.sentence for reason in f.reasons)
    whole = alert is not None and f.src.ip and f.dst.ip and f.src.port is not None and f.dst.port is not None
    return {
        "ts": (f.time - EPOCH).total_seconds(),
        "uid": None if alert is None else bounded(alert.uid, limit=128) or None,
        # a connection's id is whole or not there
        "id.orig_h": f.src.ip if whole else None,
        "id.orig_p": f.src.port if whole else None,
        "id.resp_h": f.dst.ip if whole else None,
        "id.resp_p": f.dst.port if whole else None,
        "proto": {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}.get(f.protocol or -1),
        "note": NOTES[f.kind],
        "msg": f.sentence,
        "sub": bounded(f"{f.level.name}, {f.record_id}{f', {reasons}' if reasons else ''}", limit=_TEXT),
        "src": f.src.ip,
        "dst": f.dst.ip,
        "p": f.dst.port,
        "n": f.n_alerts,
        "peer_descr": "clan",
        "actions": ["Notice::ACTION_LOG"],
        "suppress_for": 0.0,
    }


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(_escaped(each) for each in value) or "(empty)"
    if isinstance(value, float):
        return f"{value:.6f}"
    text = _escaped(str(value)[:_TEXT])
    if text in ("-", "(empty)") or text == "":
        return "(empty)" if text == "" else f"\\x{ord(text[0]):02x}{text[1:]}"
    return text


def _escaped(text: str) -> str:
    r"""Spell out bytes of UTF-8 that are no printable ASCII, and the backslash, so that reading back is exact."""
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    data = text.encode("utf-8", "replace")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in data)
