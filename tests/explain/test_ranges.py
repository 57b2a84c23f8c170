"""Values beside the benign range: the farthest outside first, with the right quantile, and nothing that is unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from clan.alerts import Reason
from clan.detect import BenignScale
from clan.errors import DataError
from clan.explain.ranges import Ranges
from clan.schema import Feature, features_of, table_feature

STEPS = np.array([0.0, 0.005, 0.25, 0.5, 0.75, 0.995, 1.0])


def columns(*names: str) -> list[Feature]:
    return [table_feature(name) for name in names]


def reasons(
    flows: pl.DataFrame, features: Sequence[Feature], benign: np.ndarray, probabilities: np.ndarray, *, top: int = 5
) -> list[list[Reason]]:
    """The columns of each flow that are farthest from their range."""
    scale = BenignScale.of(benign, probabilities)
    values = flows.select(pl.col(f.name).cast(pl.Float64) for f in features).to_numpy()
    beside = Ranges.of(scale, features).beside(scale, values)
    return [[beside.reason(i, j) for j in beside.farthest(i, top)] for i in range(len(values))]


def one(value: float, benign: list[float], *, probabilities: np.ndarray = STEPS) -> Reason:
    ((reason,),) = reasons(
        pl.DataFrame({"a": [value]}, schema={"a": pl.Float64}), columns("a"), np.array([benign]).T, probabilities
    )
    return reason


def test_farthest_outside_comes_first_then_extreme_quantiles() -> None:
    benign = np.tile([1.0, 10.0, 30.0, 50.0, 70.0, 100.0, 110.0], (4, 1)).T
    flow = pl.DataFrame({"middle": [50.0], "edge": [99.0], "far": [1e6], "out": [400.0]})
    (found,) = reasons(flow, columns("middle", "edge", "far", "out"), benign, STEPS)
    assert [r.feature for r in found] == ["far", "out", "edge", "middle"]
    assert [r.distance > 0 for r in found] == [True, True, False, False]


def test_ten_times_counts_alike_for_small_and_large_features() -> None:
    small = np.array([0.0, 10.0, 30.0, 50.0, 70.0, 100.0, 110.0])
    steps = np.column_stack([small, small * 1e6])
    flow = pl.DataFrame({"small": [10_000.0], "large": [10_000.0 * 1e6]})
    first, second = reasons(flow, columns("small", "large"), steps, STEPS)[0]
    assert first.distance == pytest.approx(second.distance, rel=0.1)


def test_one_unit_from_a_constant_is_one_spread_not_infinity() -> None:
    assert one(1.0, [0.0] * 7).distance == pytest.approx(1.0)
    assert one(2921.0, [1460.0] * 7).distance == pytest.approx(1.0, rel=1e-3)


def test_small_fractions_are_not_lost_in_the_floor() -> None:
    benign = [0.0, 1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4]
    assert one(0.5, benign).distance > 5


@pytest.mark.parametrize(
    ("value", "quantile"),
    [(-5.0, 0.0), (0.0, 0.0), (2.0, 0.25), (3.0, 0.375), (4.0, 0.5), (8.0, 0.75), (12.0, 1.0), (99.0, 1.0)],
)
def test_quantile_is_interpolated(value: float, quantile: float) -> None:
    steps = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    assert one(value, [0.0, 2.0, 4.0, 8.0, 12.0], probabilities=steps).benign_quantile == pytest.approx(quantile)


def test_repeated_value_is_in_the_middle_of_its_step() -> None:
    steps = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    assert one(0.0, [0.0, 0.0, 0.0, 5.0, 9.0], probabilities=steps).benign_quantile == pytest.approx(0.25)
    assert one(7.0, [7.0] * 5, probabilities=steps).benign_quantile == pytest.approx(0.5)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40), st.floats(-60, 60))
def test_quantile_agrees_with_counting(sample: list[int], value: float) -> None:
    data = np.sort(np.array(sample, dtype=float))
    steps = np.linspace(0.0, 1.0, len(data))
    found = one(value, data.tolist(), probabilities=steps).benign_quantile
    n = len(data)
    below, upto = (data < value).sum(), (data <= value).sum()
    assert max(below - 1, 0) / (n - 1) - 1e-9 <= found <= min(upto, n - 1) / (n - 1) + 1e-9


@example(value=1e300, benign=[0.0] * 6 + [5e-324])
@example(value=1e300, benign=[-1e12, -0.1, -0.1, -0.1, 0.3, 0.3, 0.3])
@given(value=st.floats(-1e300, 1e300), benign=st.lists(st.floats(-1e12, 1e12), min_size=7, max_size=7))
def test_everything_stays_finite_and_in_range(value: float, benign: list[float]) -> None:
    reason = one(value, sorted(benign))
    assert math.isfinite(reason.distance)
    assert reason.distance >= 0
    assert 0 <= reason.benign_quantile <= 1
    assert reason.benign_low <= reason.benign_high


def test_infinite_value_is_farthest_but_finite() -> None:
    flow = pl.DataFrame({"a": [math.inf], "b": [1e6]})
    first, _ = reasons(flow, columns("a", "b"), np.tile(np.arange(7.0), (2, 1)).T, STEPS)[0]
    assert (first.feature, first.benign_quantile) == ("a", 1.0)
    assert math.isfinite(first.distance)


def test_unknown_values_and_unknown_benign_are_no_reasons() -> None:
    benign = np.tile(np.arange(7.0), (4, 1)).T
    benign[:, 3] = np.nan
    flow = pl.DataFrame(
        {"null": [None], "nan": [math.nan], "known": [2.0], "untold": [9.0]}, schema_overrides={"null": pl.Int64}
    )
    (found,) = reasons(flow, columns("null", "nan", "known", "untold"), benign, STEPS)
    assert [r.feature for r in found] == ["known"]


def test_rows_are_explained_independently_and_the_table_is_not_changed() -> None:
    rng = np.random.default_rng(0)
    features = features_of(["flow"])
    benign = np.quantile(rng.lognormal(size=(500, 75)), STEPS, axis=0)
    flows = pl.DataFrame(rng.lognormal(2.0, 2.0, (20, 75)), schema=[f.name for f in features])
    before = flows.clone()
    together = reasons(flows, features, benign, STEPS)
    assert together == [reasons(flows[i : i + 1], features, benign, STEPS)[0] for i in range(20)]
    assert flows.equals(before)
    assert {len(r) for r in together} == {5}


def test_sentence_says_value_and_limit_or_what_is_normal() -> None:
    reason = Reason(
        feature="fwd_pkt_cnt", value=8214, unit="packets", benign_quantile=1, benign_low=1, benign_high=112, distance=5
    )  # fmt: skip
    assert reason.sentence == "fwd_pkt_cnt 8,214 packets, benign 99.9 % quantile 112 packets"
    assert one(-3.0, [0.0, 1, 2, 3, 4, 5, 6]).sentence == "a -3, benign 0.1 % quantile 0.2"
    inside = one(3.0, [0.0, 1, 2, 3, 4, 5, 6])
    assert inside.sentence == "a 3, at the benign 50.0 % quantile: usual by itself, not with the rest"
    assert not inside.says_something
    assert replace(inside, normal_value=4.0).sentence == "a 3, 4 in the benign flow most like it"
    assert replace(inside, normal_value=4.0).says_something
    assert one(-3.0, [0.0, 1, 2, 3, 4, 5, 6]).says_something


def test_wrong_shapes_and_orders_are_refused() -> None:
    with pytest.raises(DataError, match="one row for each of 7 probabilities"):
        BenignScale.of(np.zeros((1, 7)), STEPS)
    with pytest.raises(DataError, match="must not decrease"):
        BenignScale.of(np.arange(7.0)[::-1, None], STEPS)
    with pytest.raises(DataError, match="increase from 0 to 1"):
        BenignScale.of(np.zeros((7, 1)), STEPS[::-1])
