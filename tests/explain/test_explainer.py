"""An explanation names few features, and replacing them by benign values makes the flow normal to the model."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clan.alerts import RANGE, REPLACED, SHARED, Explanation
from clan.detect import ClanDetector, Exemplars
from clan.errors import ConfigError, SchemaError
from clan.explain import Explainer, explain
from clan.explain.explainer import _Found
from clan.schema import features_of

NAMES = [feature.name for feature in features_of(["flow"])]
ODD = ["iat_max", "fwd_pkt_len_max", "flag_urg"]


def benign_flows(n: int, seed: int) -> pl.DataFrame:
    """Flows of two kinds, whose lengths go together; with hosts and times."""
    rng = np.random.default_rng(seed)
    size = np.where(rng.random(n) < 0.5, 100.0, 1000.0)[:, None]
    values = np.round(rng.lognormal(3, 0.3, (n, len(NAMES))))
    lengths = [i for i, name in enumerate(NAMES) if "len" in name]
    values[:, lengths] = np.round(size * rng.uniform(0.9, 1.1, (n, 1)) * np.linspace(1, 2, len(lengths)))
    values[:, NAMES.index("flag_urg")] = 0
    return pl.DataFrame(values, schema=NAMES).with_columns(
        uid=pl.Series([f"C{seed}-{i}" for i in range(n)]),
        ts_start=pl.Series(1_600_000_000_000_000 + 1_000_000 * np.arange(n)).cast(pl.Datetime("us", "UTC")),
        ts_end=pl.Series(1_600_000_000_000_000 + 1_000_000 * np.arange(n)).cast(pl.Datetime("us", "UTC")),
        src_ip=pl.lit("10.0.0.5"),
        dst_ip=pl.lit("10.0.0.9"),
        dst_port=pl.lit(443, pl.Int64),
        protocol=pl.lit(6, pl.Int64),
    )


def odd_flows(n: int, seed: int) -> pl.DataFrame:
    """Benign flows with one of three features far out."""
    flows, which = benign_flows(n, seed), np.arange(n) % len(ODD)
    return flows.with_columns(
        pl.when(pl.Series(which == i)).then(5e7 + 100.0 * i).otherwise(pl.col(name)).alias(name)
        for i, name in enumerate(ODD)
    )


@pytest.fixture(scope="module")
def detector() -> ClanDetector:
    return ClanDetector(fpr=0.02, scorer="feature_prototypes", random_state=0).fit(benign_flows(1500, 0))


@pytest.fixture(scope="module")
def odd(detector: ClanDetector) -> pl.DataFrame:
    flows = odd_flows(30, 1)
    assert (detector.predict(flows) == -1).all()
    return flows


def named(explanation: Explanation) -> list[str]:
    """Every column that an explanation says was replaced."""
    return [name for reason in explanation.reasons for name in (reason.feature, *reason.family)]


def test_the_odd_feature_is_the_reason(detector: ClanDetector, odd: pl.DataFrame) -> None:
    found = explain(detector, odd)
    for i, explanation in enumerate(found):
        assert explanation.explained_by == REPLACED
        assert explanation.reasons[0].feature == ODD[i % len(ODD)]
        assert len(explanation.reasons) <= 3
    assert all("fwd_pkt_len_min" in named(found[i]) for i in range(1, 30, 3))  # its family
    reason = found[0].reasons[0]
    assert (reason.value, reason.unit, reason.benign_quantile) == (5e7, "us", 1.0)
    assert reason.normal_value is not None
    assert reason.normal_value < reason.benign_high
    assert reason.drop is not None
    assert reason.drop > 0


def test_replacing_what_is_named_by_a_kept_benign_flow_normalises(detector: ClanDetector, odd: pl.DataFrame) -> None:
    kept = detector.exemplars_
    for row, explanation in zip(odd.iter_slices(1), explain(detector, odd), strict=True):
        place = kept.identity["uid"].index(explanation.nearest[0].uid)
        normal = {name: kept.values[place, NAMES.index(name)] for name in named(explanation)}
        score = detector.anomaly_score(row.with_columns(pl.lit(value).alias(name) for name, value in normal.items()))[0]
        assert score < detector.threshold_
        assert explanation.score_without is not None
        assert score <= explanation.score_without + 1e-6 < detector.threshold_


def test_a_family_as_in_the_nearest_flow_is_told_beside_the_one_that_differs(detector: ClanDetector) -> None:
    """It is in a set since the set has to do with each of the nearest; what differs in none of them goes last."""
    explainer, kept = Explainer(detector), detector.exemplars_.values
    lengths, flag = NAMES.index("fwd_pkt_len_max"), NAMES.index("flag_urg")
    one, other = int(np.argmin(kept[:, lengths])), int(np.argmax(kept[:, lengths]))
    families = np.zeros((1, explainer.family.max() + 1), dtype=np.bool_)
    families[0, explainer.family[[lengths, flag]]] = True
    drops = np.zeros(families.shape)
    drops[0, explainer.family[flag]] = 1.0
    found = _Found(
        families=families, without=np.zeros(1), drops=drops, nearest=np.array([[one, other]]), method=[REPLACED]
    )
    first, last = explainer._reasons(0, explainer.ranges.beside(explainer.scale, kept[[one]]), found)
    place = NAMES.index(first.feature)
    assert explainer.family[place] == explainer.family[lengths]
    assert (first.value, first.normal_value) == (kept[one, place], kept[other, place])
    assert first.value != first.normal_value
    assert (last.feature, last.says_something) == ("flag_urg", False)


def test_no_family_of_a_set_can_be_spared(detector: ClanDetector) -> None:
    two = odd_flows(12, 3).with_columns(flag_urg=pl.lit(7e7), iat_max=pl.lit(9e7))
    kept = detector.exemplars_
    for row, explanation in zip(two.iter_slices(1), explain(detector, two), strict=True):
        assert len(explanation.reasons) >= 2
        for spared in explanation.reasons:
            left = set(named(explanation)) - {spared.feature, *spared.family}
            scores = []
            for flow in explanation.nearest:
                place = kept.identity["uid"].index(flow.uid)
                values = [pl.lit(kept.values[place, NAMES.index(name)]).alias(name) for name in sorted(left)]
                scores.append(detector.anomaly_score(row.with_columns(values))[0])
            assert max(scores) >= detector.threshold_


def test_one_flow_is_explained_as_among_others_and_twice_alike(detector: ClanDetector, odd: pl.DataFrame) -> None:
    before = odd.clone()
    together = explain(detector, odd)
    assert together == [explain(detector, row)[0] for row in odd.iter_slices(1)]
    assert together == explain(detector, odd)
    assert odd.equals(before)


def test_nothing_and_normal_flows(detector: ClanDetector, odd: pl.DataFrame) -> None:
    assert explain(detector, odd.clear()) == []
    normal = benign_flows(5, 9)
    found = Explainer(detector).explain(normal, np.full(5, detector.threshold_ - 1))
    assert {explanation.explained_by for explanation in found} == {RANGE}
    assert {explanation.score_without for explanation in found} == {None}


def test_unknown_values_are_never_reasons(detector: ClanDetector, odd: pl.DataFrame) -> None:
    unknown = odd.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("iat_mean", "fwd_pkt_len_mean"))
    for explanation in explain(detector, unknown):
        assert not {"iat_mean", "fwd_pkt_len_mean"} & set(named(explanation))
        assert explanation.reasons


def test_missing_columns_are_named(detector: ClanDetector, odd: pl.DataFrame) -> None:
    with pytest.raises(SchemaError, match="lacks 1 of the 75 feature columns: iat_max"):
        Explainer(detector).explain(odd.drop("iat_max"), np.ones(odd.height))
    with pytest.raises(ConfigError, match="most must be >= 1, got 0"):
        Explainer(detector, most=0)


def test_a_storm_shares_reasons_and_says_so(detector: ClanDetector) -> None:
    storm = odd_flows(600, 5)
    scores = detector.anomaly_score(storm)
    explainer = Explainer(detector, most=6)
    found = explainer.explain(storm, scores)
    methods = [explanation.explained_by for explanation in found]
    assert methods.count(REPLACED) == 6
    assert methods.count(SHARED) >= 500
    assert explainer.evaluations < 4 * 600
    for i, explanation in enumerate(found):
        if explanation.explained_by == SHARED:
            assert explanation.score_without is not None
            assert explanation.score_without < detector.threshold_
            assert ODD[i % len(ODD)] in named(explanation)
        assert explanation.reasons


def test_a_model_without_kept_flows_names_the_farthest_and_says_so(detector: ClanDetector, odd: pl.DataFrame) -> None:
    old = copy(detector)
    old.exemplars_ = Exemplars.none(len(NAMES))
    found = explain(old, odd[:3])
    assert {explanation.explained_by for explanation in found} == {RANGE}
    assert [explanation.reasons[0].feature for explanation in found] == ODD
    assert {explanation.nearest for explanation in found} == {()}


def test_nearest_flows_tell_where_to_look_them_up(detector: ClanDetector, odd: pl.DataFrame, tmp_path: Path) -> None:
    flow = explain(detector, odd)[0].nearest[0]
    assert str(flow.uid).startswith("C0-")
    assert flow.timestamp is not None
    assert flow.timestamp.replace(microsecond=0) >= datetime(2020, 9, 13, tzinfo=UTC)
    assert (flow.protocol, flow.port, flow.src_ip, flow.dst_ip) == (6, 443, None, None)
    assert flow.anomaly_score < detector.threshold_
    assert 1 <= flow.differing <= 10
    detector.save(tmp_path / "m")
    assert explain(ClanDetector.load(tmp_path / "m"), odd) == explain(detector, odd)


def test_addresses_are_kept_when_the_user_says_so(odd: pl.DataFrame, tmp_path: Path) -> None:
    detector = ClanDetector(fpr=0.05, scorer="feature_prototypes", keep_addresses=True, random_state=0)
    detector.fit(benign_flows(300, 0)).save(tmp_path / "m")
    loaded = ClanDetector.load(tmp_path / "m")
    assert loaded.keep_addresses
    assert explain(loaded, odd[:1])[0].nearest[0].src_ip == "10.0.0.5"
