"""Flows that somebody judged benign, and which alerts are like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clan.alerts.alert import Alert
from clan.alerts.likeness import ALIKE, Floats, unlikeness
from clan.alerts.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Exemplar:
    """A judged flow.

    Attributes:
        verdict: What was said of it.
        alert: The alert on it.
        names: Features that its model looked at.
        values: Their values, shape `(n_features,)`.
    """

    verdict: Verdict
    alert: Alert
    names: tuple[str, ...]
    values: Floats


class Exemplars:
    """Judged flows, ready to compare alerts with.

    Args:
        entries: The flows; only those whose features are the ones of an alert can be like it.
    """

    def __init__(self, entries: Sequence[Exemplar] = ()) -> None:
        self.entries = list(entries)
        self._by_service: dict[tuple[object, ...], list[Exemplar]] = {}
        for entry in self.entries:
            self._by_service.setdefault((entry.names, *_service(entry.alert)), []).append(entry)

    def __len__(self) -> int:
        return len(self.entries)

    def match(self, alerts: Sequence[Alert], names: tuple[str, ...], values: Floats) -> dict[int, Verdict]:
        """Find the alerts that are like a judged flow, and whose hosts its verdict speaks of.

        Args:
            alerts: Alerts.
            names: Features.
            values: Of each alert; shape `(n_alerts, n_features)`.

        Returns:
            Position of an alert, and the verdict of the nearest flow that it is like.
        """
        found: dict[int, Verdict] = {}
        places: dict[tuple[object, ...], list[int]] = {}
        for position, alert in enumerate(alerts):
            key: tuple[object, ...] = (names, *_service(alert))
            if key in self._by_service:
                places.setdefault(key, []).append(position)
        for key, positions in places.items():
            judged = self._by_service[key]
            distances = unlikeness(values[positions], np.array([entry.values for entry in judged]))
            for row, position in zip(distances, positions, strict=True):
                for i in np.argsort(row, kind="stable"):
                    if row[i] > ALIKE:
                        break
                    if in_scope(judged[i].verdict, judged[i].alert, alerts[position]):
                        found[position] = judged[i].verdict
                        break
        return found


def in_scope(verdict: Verdict, judged: Alert, alert: Alert) -> bool:
    """Whether a verdict speaks of the hosts of an alert."""
    if verdict.scope == "everywhere" or alert.alert_id == judged.alert_id:
        return True
    same = (alert.src_ip == judged.src_ip, alert.dst_ip == judged.dst_ip)
    known = alert.src_ip is not None and alert.dst_ip is not None
    return known and any(same)


def _service(alert: Alert) -> tuple[int | None, int | None]:
    return alert.protocol, alert.dst_port
