"""A budget of incidents is kept by the alerts of the calibration flows, and none is wasted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from clan.alerts import count_groups
from clan.calibrate import Budget, alpha_of_incidents, calibrate
from clan.errors import ConfigError, DataError


def flows(n: int = 3000) -> tuple[np.ndarray, pl.DataFrame]:
    """Two days; odd flows come in runs of ten of one host, which make an incident each."""
    generator = np.random.default_rng(0)
    start = [datetime(2024, 5, 6, tzinfo=UTC) + timedelta(seconds=172_800 * i / n) for i in range(n)]
    scores = generator.normal(size=n)
    run = (np.arange(n) // 10 % 10 == 0) * np.repeat(generator.normal(2, 1, n // 10), 10)
    table = pl.DataFrame(
        {
            "uid": [f"C{i}" for i in range(n)],
            "source": ["a.pcap"] * n,
            "ts_start": start,
            "ts_end": start,
            "src_ip": [f"10.0.{i // 10 % 250}.7" for i in range(n)],
            "dst_ip": ["10.1.0.1"] * n,
            "protocol": [6] * n,
            "src_port": [40_000] * n,
            "dst_port": [443] * n,
        }
    )
    return scores + run, table


@pytest.mark.parametrize("per_day", [1, 4, 12])
def test_incidents_of_the_calibration_flows_are_within_the_budget(per_day: float) -> None:
    scores, table = flows()
    calibration = calibrate(scores, Budget(incidents_per_day=per_day), days=2.0, flows=table)
    alerts = table.filter(pl.Series(scores >= calibration.threshold))
    assert 0.4 * 2 * per_day <= count_groups(alerts) <= 2 * per_day
    assert alerts.height >= count_groups(alerts)
    assert calibration.budget == ("1 incident a day" if per_day == 1 else f"{per_day} incidents a day")


@pytest.mark.parametrize("per_day", [1.5, 2, 2.5])
def test_the_whole_budget_may_be_spent(per_day: float) -> None:
    """Where every alert is an incident of its own, exactly as many alert as there may be incidents."""
    scores, table = flows(1000)
    alone = table.with_columns(
        src_ip=pl.Series([f"10.{i // 250}.{i % 250}.7" for i in range(1000)]),
        dst_ip=pl.Series([f"172.16.{i // 250}.{i % 250}" for i in range(1000)]),
        dst_port=pl.Series(range(1000, 2000)),
    )
    assert alpha_of_incidents(scores, alone, per_day, 2.0) == 2 * per_day / 1001


def test_what_a_budget_of_incidents_cannot_do() -> None:
    scores, table = flows()
    with pytest.raises(DataError, match=r"0.1 incidents a day needs flows of 10 days or more, found 2"):
        calibrate(scores, Budget(incidents_per_day=0.1), flows=table, days=2.0)
    with pytest.raises(DataError, match="cannot be grouped into incidents without the columns src_ip"):
        alpha_of_incidents(scores, table.drop("src_ip"), 5, 2.0)
    with pytest.raises(DataError, match="calibrate on flows"):
        calibrate(scores, Budget(fpr=0.1)).with_budget(Budget(incidents_per_day=3))
    with pytest.raises(ConfigError, match="one of them"):
        Budget(incidents_per_day=3, fpr=0.1)
    with pytest.raises(ConfigError, match="goes with one threshold"):
        calibrate(scores, Budget(incidents_per_day=3), flows=table, by=["server"])
