"""What a sink is."""

from __future__ import annotations

from typing import Literal, Protocol

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident

Event = Alert | Incident
"""What sinks take."""
Events = Literal["alerts", "incidents", "all"]
"""Which of them a sink takes."""


class Sink(Protocol):
    """A place that alerts go to: `encode` and `send`, with what lies between them.

    An encoding (`clan.alerts.sinks.encodings`) makes bytes of an event, a transport (`clan.alerts.delivery.Transport`)
    takes a batch of them to a receiver, and `clan.alerts.sinks.open_sink` puts the two together, with a spool between
    them where the receiver may be away.

    What is opened that way also tells what became of the events (`clan.alerts.sinks.EncodingSink`); the pipeline needs
    no more than this.
    """

    def emit(self, *events: Event) -> None:
        """Take events over, in their order; many at once cost less than each by itself.

        Raises:
            SinkError: Not all could be taken, though each was tried. A sink with a spool raises only when it is closed.
        """

    def close(self) -> None:
        """Deliver what is still held back, within bounds, and release the file or connection; safe to call twice."""
