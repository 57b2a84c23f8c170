"""A sample of flows that come in batches: uniform, of bounded memory, and the same whatever the batches."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detect.flow_tables import flow_table

from clan.calibrate import observed_days
from clan.detect import ClanDetector, FlowSample
from clan.errors import ConfigError


def drawn(flows: pl.DataFrame, sizes: list[int], *, max_rows: int, seed: int = 0) -> FlowSample:
    """Give flows in batches of these sizes, again and again, until there are no more."""
    sample, at, turn = FlowSample(max_rows, seed=seed), 0, 0
    while at < flows.height:
        sample.add(flows[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    return sample


@given(st.lists(st.integers(1, 90), min_size=1, max_size=5), st.integers(2, 400))
def test_does_not_depend_on_the_batches(sizes: list[int], max_rows: int) -> None:
    flows = pl.DataFrame({"n": range(300)})
    whole, parts = (drawn(flows, batch, max_rows=max_rows) for batch in ([300], sizes))
    assert whole.flows().equals(parts.flows())
    assert whole.n_seen == parts.n_seen == 300
    assert whole.flows().height == min(max_rows, 300)


def test_keeps_the_order_and_no_row_twice() -> None:
    kept = drawn(pl.DataFrame({"n": range(1000)}), [7], max_rows=50).flows()["n"].to_list()
    assert kept == sorted(set(kept))


def test_every_row_is_as_likely_as_any_other() -> None:
    flows, counts = pl.DataFrame({"n": range(40)}), np.zeros(40)
    for seed in range(400):
        counts[drawn(flows, [3], max_rows=10, seed=seed).flows()["n"].to_numpy()] += 1
    # 400 draws of a quarter: 100 each, standard deviation 8.7
    assert counts.min() > 60
    assert counts.max() < 140


def test_time_is_that_of_all_flows() -> None:
    flows = flow_table(400, hours=10)
    sample = drawn(flows, [33], max_rows=5)
    assert sample.days == observed_days(flows)


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        FlowSample(1, seed=0)
    with pytest.raises(ConfigError, match="no flows"):
        FlowSample(5, seed=0).flows()


def test_a_budget_in_alerts_a_day_counts_the_flows_that_were_not_kept() -> None:
    flows = flow_table(900, hours=24)
    sample = drawn(flows, [100], max_rows=300)
    detector = ClanDetector(alerts_per_day=30, scorer="feature_prototypes", random_state=0)
    detector.fit(sample.flows(), n_seen=sample.n_seen)
    # 30 of 900 flows a day is a thirtieth, whether 900 or 300 of them were looked at
    assert detector.calibration_.expected_fpr == pytest.approx(1 / 30, abs=1.1 / 301)  # ranks are whole
    assert detector.calibration_.expected_alerts_per_day == pytest.approx(30, abs=3.3)
    assert detector.manifest_["training"] | {"rows": 300, "rows_seen": 900} == detector.manifest_["training"]
