"""Sinks for the tests of transports: quick to try again, with a spool of their own."""

from __future__ import annotations

from pathlib import Path

from tests.alerts.sinks.events import alert

from clan.alerts import Alert, SinkSettings, open_sink
from clan.alerts.sinks import EncodingSink


def sink_of(url: str, folder: Path, **options: str | float) -> EncodingSink:
    """Open a sink that tries again within a tenth of a second."""
    quick = {"spool": str(folder / "spool"), "retry_first": 0.02, "retry_most": 0.1, "drain": 60}
    return open_sink(SinkSettings.from_table({"url": url, **quick, **options}))


def numbered(n: int, start: int = 0) -> list[Alert]:
    """Different alerts."""
    return [alert(uid=f"C{i}") for i in range(start, start + n)]


def ids_of(alerts: list[Alert]) -> list[str]:
    """Their identifiers."""
    return [each.alert_id for each in alerts]


def without_repetitions(ids: list[str]) -> list[str]:
    """In the order in which they first came."""
    return list(dict.fromkeys(ids))
