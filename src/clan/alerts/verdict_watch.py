"""Benign verdicts that a running detector follows, as they are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clan.alerts.alert import Alert
from clan.alerts.exemplars import Exemplars
from clan.alerts.store import FeatureRows, Store


class WatchedVerdicts:
    """Finds the alerts that are like a flow which somebody judged benign, and counts them in the store.

    Args:
        store: Where `clan verdict` keeps them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._exemplars = Exemplars()
        self._hits: Counter[int] = Counter()

    def match(self, alerts: Sequence[Alert], features: FeatureRows | None) -> dict[int, str]:
        """Give the positions of alerts that a verdict hides, and by what.

        Args:
            alerts: Alerts.
            features: What the model saw of each; without it nothing is like anything.
        """
        if self._store.verdicts_changed():
            self._exemplars = self._store.verdict_table.benign()
        if not self._exemplars or features is None:
            return {}
        found = self._exemplars.match(alerts, features.names, features.values)
        self._hits.update(verdict.verdict_id for verdict in found.values())
        return {position: verdict.hidden_by for position, verdict in found.items()}

    def flush(self) -> None:
        """Move the hit counters into the store."""
        if self._hits:
            self._store.count_verdict_hits(self._hits)
