"""The incidents of a run, each as it was last told: what a summary and a report show."""

from __future__ import annotations

from itertools import islice

from clan.alerts.incident import Incident

KEPT = 1_000
"""Incidents that are kept, the most severe and largest ones."""


class IncidentLedger:
    """Keeps the latest record of each incident, and of the most severe ones where they are many."""

    def __init__(self) -> None:
        self._latest: dict[str, Incident] = {}

    def add(self, incident: Incident) -> None:
        """Note a record; one that was merged into another is struck off."""
        self._latest.pop(incident.incident_id, None)  # what was told last stands last
        if incident.merged_into is not None:
            return
        self._latest[incident.incident_id] = incident
        if len(self._latest) > 2 * KEPT:
            kept = {each.incident_id for each in self.worst(KEPT)}
            self._latest = {number: each for number, each in self._latest.items() if number in kept}

    def recent(self, n: int = KEPT) -> list[Incident]:
        """Give the n that were told last, the latest first."""
        return list(islice(reversed(self._latest.values()), n))

    def worst(self, n: int = KEPT) -> list[Incident]:
        """Give the n most severe, of the same severity the largest first."""
        return sorted(self._latest.values(), key=lambda i: (i.severity, -i.n_alerts, i.p_value, i.incident_id))[:n]
