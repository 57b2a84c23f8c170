"""The incidents of a run, each as it was last told: what a summary and a report show."""

from __future__ import annotations

from clan.alerts.incident import Incident

KEPT = 1_000
"""Incidents that are kept, the most severe and largest ones."""


class IncidentLedger:
    """Keeps the latest record of each incident, and of the most severe ones where they are many."""

    def __init__(self) -> None:
        self._latest: dict[str, Incident] = {}

    def add(self, incident: Incident) -> None:
        """Note a record; one that was merged into another is struck off."""
        if incident.merged_into is not None:
            self._latest.pop(incident.incident_id, None)
            return
        self._latest[incident.incident_id] = incident
        if len(self._latest) > 2 * KEPT:
            self._latest = {each.incident_id: each for each in self.worst(KEPT)}

    def worst(self, n: int = KEPT) -> list[Incident]:
        """Give the n most severe, of the same severity the largest first."""
        return sorted(self._latest.values(), key=lambda i: (i.severity, -i.n_alerts, i.p_value, i.incident_id))[:n]
