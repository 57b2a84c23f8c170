"""Each group keeps the budget by itself, and so do all together; small groups share a threshold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from clan.calibrate import Budget, alert_interval, calibrate
from clan.calibrate.groups import Groups, find_groups
from clan.calibrate.interval import rate_interval
from clan.errors import ConfigError, DataError, SchemaError, UnknownNameError


def flows(n: int, seed: int) -> pl.DataFrame:
    """A busy quiet server, a busy noisy one, and a few flows of many others."""
    generator = np.random.default_rng(seed)
    kind = generator.choice(3, n, p=[0.6, 0.3, 0.1])
    other = [f"10.9.{i % 250}.1" for i in range(n)]
    start = datetime(2024, 5, 6, tzinfo=UTC)
    return pl.DataFrame(
        {
            "dst_ip": [("10.0.0.1", "10.0.0.2", other[i])[k] for i, k in enumerate(kind)],
            "protocol": [(6, 6, 17)[k] for k in kind],
            "ts_start": [start + timedelta(minutes=10 * i) for i in range(n)],
            "score": generator.normal(size=n) + np.array([0.0, 4.0, 1.0])[kind],
        }
    )


def test_every_group_and_all_together_keep_the_budget() -> None:
    rates = []
    for seed in range(20):
        old, new = flows(6000, seed), flows(6000, 100 + seed)
        calibration = calibrate(old["score"].to_numpy(), Budget(fpr=0.02), flows=old, by=["server"])
        assert calibration.groups is not None
        assert calibration.groups.cells == ((), ("10.0.0.1",), ("10.0.0.2",))
        group = calibration.groups.assign(new)
        score = calibration.level(new["score"].to_numpy(), group)
        alert = score >= calibration.threshold
        assert (alert == (calibration.p_value(score, group) <= calibration.alpha)).all()
        assert calibration.expected_fpr == pytest.approx(0.02, abs=0.001)
        rates.append([alert[group == g].mean() for g in range(3)] + [alert.mean()])
    assert np.mean(rates, axis=0) == pytest.approx([0.02] * 4, abs=0.003)


def test_ties_stay_on_their_side_of_a_levelled_threshold() -> None:
    old = flows(6000, 0).with_columns(pl.col("score").round(1))
    values = old["score"].to_numpy()
    calibration = calibrate(values, Budget(fpr=0.05), flows=old, by=["server"])
    assert calibration.groups is not None
    group = calibration.groups.assign(old)
    score = calibration.level(values, group)
    assert ((score >= calibration.threshold) == (calibration.p_value(score, group) <= calibration.alpha)).all()
    for number in range(3):
        mine = values[group == number]
        assert (score[group == number] >= calibration.threshold).sum() <= 0.05 * (len(mine) + 1)


def test_finer_groups_where_there_are_enough_flows() -> None:
    table = flows(8000, 3)
    groups = find_groups(table, ["protocol", "weekday", "hour"], 0.1)
    assert {len(cell) for cell in groups.cells} >= {0, 2}
    assert ("6", "1") in groups.cells
    assigned = groups.assign(table)
    sizes = np.bincount(assigned, minlength=len(groups.cells))
    assert ((sizes >= 99) | (sizes == 0)).all()
    unseen = table[:1].with_columns(protocol=pl.lit(250))
    assert groups.assign(unseen).tolist() == [0]


def test_few_flows_have_one_threshold() -> None:
    table = flows(150, 0)
    calibration = calibrate(table["score"].to_numpy(), Budget(fpr=0.02), flows=table, by=["server"])
    plain = calibrate(table["score"].to_numpy(), Budget(fpr=0.02))
    assert calibration.groups == Groups(by=("server",), cells=((),))
    assert calibration.threshold == plain.threshold


def test_what_cannot_be_grouped_says_why() -> None:
    table = flows(500, 0)
    with pytest.raises(SchemaError, match="thresholds by client need the columns src_ip"):
        find_groups(table, ["client"], 0.1)
    with pytest.raises(UnknownNameError, match="protocol"):
        find_groups(table, ["protocols"], 0.1)
    calibration = calibrate(table["score"].to_numpy(), Budget(fpr=0.1), flows=table, by=["server"])
    with pytest.raises(ConfigError, match="give the group of each flow"):
        calibration.p_value([1.0])
    with pytest.raises(DataError, match="needs at least 999 benign flows"):
        calibration.with_budget(Budget(fpr=0.001))
    assert calibration.with_budget(Budget(fpr=0.2)).alpha == 0.2


def test_every_group_counts_its_own_new_flow() -> None:
    """Two groups of 99 flows at 10 % alert from their rank 10 of 100 each: of all the flows exactly 10 %."""
    table = pl.DataFrame({"dst_ip": ["10.0.0.1", "10.0.0.2"] * 99})
    calibration = calibrate(np.random.default_rng(0).normal(size=198), Budget(fpr=0.1), flows=table, by=["server"])
    assert (calibration.n, calibration.rank, calibration.sizes) == (198, 20, (0, 99, 99))
    assert calibration.expected_fpr == 20 / 200
    assert calibration.prediction_interval(10_000_000) == alert_interval(20, 199, 10_000_000)
    assert calibration.rate_interval() == rate_interval(20, 199, 0.95)
