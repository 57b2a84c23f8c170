"""Which flows may set a threshold: a site under attack must not be learnt as normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import binom

SIDES = ("src_ip", "dst_ip")
ROUNDS = 5
FEW = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """What a calibration on traffic that nobody vouches for may do.

    Attributes:
        host_error: Chance that any host is left out although it alerts no more often than twice as often as the others.
        most_left_out: Share of the flows that suspicious hosts may have; with more it is refused.
        most_above: How many times the expected rate the others may surely alert; with more it is refused.
        step: How many times rarer than before the flows at the threshold may become by one calibration.
        total: The same by all calibrations since the training, or since one that somebody vouched for.
    """

    host_error: float = 1e-6
    most_left_out: float = 0.2
    most_above: float = 5.0
    step: float = 4.0
    total: float = 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspiciousHost:
    """A host that alerts far more often than the others.

    Attributes:
        host: Its address.
        side: ``"src_ip"`` or ``"dst_ip"``: whose flows are meant.
        n_flows: Flows that it has on that side.
        n_alerts: Those that alert.
    """

    host: str
    side: str
    n_flows: int
    n_alerts: int

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"host": self.host, "side": self.side, "flows": self.n_flows, "alerts": self.n_alerts}


def suspicious_hosts(flows: pl.DataFrame, *, expected: float, dispersion: float, error: float) -> list[SuspiciousHost]:
    """Find hosts whose flows alert far more often than those of the others.

    A host is suspicious where so many alerts would be next to impossible even at twice the rate of all flows without
    suspicious hosts. So where every host alerts more than it should nobody is suspicious: that is drift. Sources come
    first, and what the suspicious ones did is not held against their targets.

    Args:
        flows: Columns of `SIDES` that are there, and `alert`.
        expected: The rate that the calibration expects.
        dispersion: How bursty benign alerts are, >= 1: the logarithm of each probability is divided by it.
        error: Chance that any host at that rate is named, in (0, 1).
    """
    found = list[SuspiciousHost]()
    for side in [side for side in SIDES if side in flows.columns]:
        hosts = (
            flows.filter(pl.col(side).is_not_null())
            .group_by(side)
            .agg(n=pl.len(), k=pl.col("alert").sum())
            .filter(pl.col("k") > 0)
            .sort(["k", side], descending=[True, False])
        )
        n, k = hosts["n"].to_numpy(), hosts["k"].to_numpy()
        total_n, total_k = flows.height, int(flows["alert"].sum())
        suspicious = np.arange(hosts.height) < FEW  # to begin with: their alerts must not make the rate of the others
        for _ in range(ROUNDS):
            rest_n, rest_k = total_n - int(n[suspicious].sum()), total_k - int(k[suspicious].sum())
            rate = min(2 * max(expected, rest_k / max(rest_n, 1)), 0.5)
            before = suspicious
            suspicious = binom.logsf(k - 1, n, rate) / dispersion < np.log(error / max(hosts.height, 1))
            if (suspicious == before).all():
                break
        named = hosts.filter(pl.Series(suspicious))
        found += [SuspiciousHost(host=h, side=side, n_flows=n, n_alerts=k) for h, n, k in named.iter_rows()]
        flows = flows.filter(~pl.col(side).is_in(named[side].to_list()).fill_null(value=False))
    return found


def without(flows: pl.DataFrame, hosts: list[SuspiciousHost]) -> pl.DataFrame:
    """Leave out all flows of suspicious hosts, those that do not alert among them."""
    for side in {host.side for host in hosts}:
        named = [host.host for host in hosts if host.side == side]
        flows = flows.filter(~pl.col(side).is_in(named).fill_null(value=False))
    return flows
