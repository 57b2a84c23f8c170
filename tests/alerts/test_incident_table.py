"""The table of incidents holds everything, however narrow the terminal."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console
from tests.alerts.attacks import make_alert

from clan.alerts import IncidentTracker, incident_table


@pytest.mark.parametrize("width", [80, 100, 200])
def test_nothing_is_cut_short(width: int) -> None:
    tracker = IncidentTracker()
    for i in range(3):
        tracker.add(make_alert(i))
    (incident,) = tracker.incidents()
    shown = replace(
        incident, actor="2001:db8:1234:5678:9abc:def0:1234:5678", actor_name="printer\x1b[1m", target="198.51.100.117",
        p_value=0.000123,
    )  # fmt: skip
    console = Console(width=width, highlight=False)
    with console.capture() as told:
        console.print(incident_table([shown], title="Incidents", listed=True))
    lines = told.get().splitlines()
    assert max(map(len, lines)) <= width
    for part in (incident.incident_id, "198.51.100.117", "0.000123", "printer\\x1b[1m", "repeated,"):
        assert part in told.get(), part
    assert "…" not in told.get()


def test_a_list_says_when_an_incident_was_last_seen_and_a_summary_when_it_began() -> None:
    tracker = IncidentTracker()
    for i in range(3):
        tracker.add(make_alert(i, at=60.0 * i))
    (incident,) = tracker.incidents()
    texts = []
    for listed in (False, True):
        console = Console(width=200, record=True, file=io.StringIO())
        console.print(incident_table([incident], title="Incidents", listed=listed))
        texts.append(console.export_text())
    assert incident.first_seen is not None
    assert incident.last_seen is not None
    assert f"{incident.first_seen:%H:%M:%S}" in texts[0]
    assert f"{incident.last_seen:%H:%M:%S}" in texts[1]
    assert f"{incident.first_seen:%H:%M:%S}" not in texts[1]
