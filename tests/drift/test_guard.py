"""Hosts that alert far more often than the others are named, those that alert up to twice as often are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clan.drift.guard import suspicious_hosts


def flows(n_alerts: int) -> pl.DataFrame:
    """One host with 20,000 flows and so many alerts; a hundred others with 200 flows and 2 alerts each."""
    others = [f"10.0.0.{i}" for i in range(100)]
    return pl.DataFrame(
        {
            "src_ip": ["10.9.9.9"] * 20_000 + [host for host in others for _ in range(200)],
            "alert": np.concatenate([np.arange(20_000) < n_alerts, np.tile(np.arange(200) < 2, 100)]),
        }
    )


@pytest.mark.parametrize(("n_alerts", "dispersion", "named"), [(200, 1, 0), (390, 1, 0), (600, 1, 1), (600, 10, 0)])
def test_twice_as_often_is_not_suspicious(n_alerts: int, dispersion: float, named: int) -> None:
    found = suspicious_hosts(flows(n_alerts), expected=0.01, dispersion=dispersion, error=1e-6)
    assert [(host.host, host.side, host.n_flows, host.n_alerts) for host in found] == [
        ("10.9.9.9", "src_ip", 20_000, n_alerts)
    ] * named
