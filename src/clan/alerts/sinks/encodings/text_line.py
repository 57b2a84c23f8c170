"""An alert as the sentence that tells it, for people and for the message of a syslog record."""

from __future__ import annotations

from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.finding import finding_of
from clan.alerts.text import visible


class TextLine:
    """One sentence a line, with its severity in front."""

    def __init__(self) -> None:
        self.name, self.container = "text", Container(media_type="text/plain; charset=utf-8")

    def encode(self, event: Event) -> bytes:
        """Write an event as one sentence."""
        f = finding_of(event)
        return visible(f"{f.level.name} {f.kind} {f.record_id}: {f.sentence}", limit=1023).encode()


def encoding(_: str) -> TextLine:
    """Make the encoding."""
    return TextLine()
