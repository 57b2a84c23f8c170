"""What a sink is."""

from __future__ import annotations

from typing import Protocol

from clan.alerts.alert import Alert


class Sink(Protocol):
    """A place that alerts go to; open it, emit, close.

    A sink is an encoding (`encode`: alert to text, such as `clan.alerts.sinks.eve.encode`) and a way to send it.
    """

    def emit(self, alert: Alert) -> None:
        """Deliver one alert.

        Raises:
            SinkError: It could not be delivered.
        """

    def close(self) -> None:
        """Deliver what is still held back and release the file or connection; safe to call twice."""
