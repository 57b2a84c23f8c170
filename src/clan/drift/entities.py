"""Which hosts the latest alerts are about, and how much of the traffic those have."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

REMEMBERED = 512
"""Alerts that are remembered, the latest."""

ONE_IN = 4
"""Of all flows the hosts of one in so many are remembered, four times as many as alerts."""


class RecentHosts:
    """Remembers the hosts of the latest alerts, and of a sample of the latest flows.

    Args:
        columns: Where hosts are named.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._alerts = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        self._flows = self._alerts.clone()
        self._n_seen = 0

    def update(self, flows: pl.DataFrame, alert: pl.Series) -> None:
        """Take the next flows, and which of them alert; a column that is not there counts as unknown."""
        names = self._alerts.columns
        missing = [pl.lit(None, pl.String).alias(c) for c in names if c not in flows.columns]
        hosts = flows.with_columns(missing).select(pl.col(c).cast(pl.String) for c in names)
        sampled = hosts.gather_every(ONE_IN, offset=-self._n_seen % ONE_IN)
        self._n_seen += flows.height
        self._flows = pl.concat([self._flows, sampled.tail(4 * REMEMBERED)]).tail(4 * REMEMBERED)
        if alert.any():
            self._alerts = pl.concat([self._alerts, hosts.filter(alert).tail(REMEMBERED)]).tail(REMEMBERED)

    def top(self, column: str, n_alerts: int) -> list[tuple[str, float]]:
        """Give the hosts of the latest alerts and their shares, the most frequent first."""
        latest = self._alerts[column].tail(n_alerts)
        counts = latest.drop_nulls().value_counts().rows()
        return [(host, count / len(latest)) for host, count in sorted(counts, key=lambda row: (-row[1], row[0]))]

    def share_of_flows(self, column: str, hosts: Sequence[str], n_flows: int) -> float:
        """Share of the latest flows that have one of some hosts."""
        latest = self._flows[column].tail(max(n_flows // ONE_IN, 1))
        return float(latest.is_in(list(hosts)).fill_null(value=False).sum() / max(len(latest), 1))
