"""The detector's promises: one decision on every row, the same score in any company, errors that say what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from tests.detect.flow_tables import flow_table

from clan.detect import ClanDetector
from clan.errors import ConfigError, DataError, DataQualityWarning, SchemaError, UnknownNameError
from clan.schema import GROUPS
from clan.train import TrainProgress

_WITHOUT_COLUMNS = pl.DataFrame(height=5)
SETTINGS: dict[str, Any] = {"fpr": 0.05, "epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def flows() -> pl.DataFrame:
    return flow_table()


@pytest.fixture(scope="module")
def detector(flows: pl.DataFrame) -> ClanDetector:
    return ClanDetector(**SETTINGS).fit(flows)


@pytest.fixture(scope="module")
def mixed(flows: pl.DataFrame) -> pl.DataFrame:
    """New benign flows, and some that are far away."""
    new = flow_table(1500, seed=1)
    return pl.concat([new, new[:40].with_columns(pl.col("flow_duration", "iat_max") * 10_000)])


def test_score_p_value_decision_and_prediction_agree_on_every_row(detector: ClanDetector, mixed: pl.DataFrame) -> None:
    score, p_value = detector.score_and_p_value(mixed)
    alert = score >= detector.threshold_
    assert 0 < alert.sum() < len(alert)
    assert (alert == (p_value <= detector.calibration_.alpha)).all()
    assert (alert == (detector.predict(mixed) == -1)).all()
    assert (alert == (detector.decision_function(mixed) < 0)).all()
    assert (alert == (detector.score_samples(mixed) < detector.offset_)).all()
    assert (p_value > 0).all()
    assert (p_value <= 1).all()
    assert alert[-40:].all()


def test_a_score_does_not_depend_on_the_flows_beside_it(detector: ClanDetector, mixed: pl.DataFrame) -> None:
    together = detector.anomaly_score(mixed)
    for start, stop in ((0, 1), (7, 8), (3, 1100), (1023, 1025), (1539, 1540)):
        assert (detector.anomaly_score(mixed[start:stop]) == together[start:stop]).all()
    assert (detector.anomaly_score(mixed.reverse()) == together[::-1]).all()
    assert len(detector.anomaly_score(mixed[:0])) == 0


def test_columns_are_found_by_name_and_other_columns_do_not_matter(detector: ClanDetector, mixed: pl.DataFrame) -> None:
    turned = mixed.select(reversed(mixed.columns)).with_columns(extra=pl.lit("text"))
    assert (detector.anomaly_score(turned) == detector.anomaly_score(mixed)).all()
    assert (detector.anomaly_score(mixed.lazy()) == detector.anomaly_score(mixed)).all()


def test_two_fits_with_one_seed_write_the_same_file(
    flows: pl.DataFrame, detector: ClanDetector, tmp_path: Path
) -> None:
    before = flows.clone()
    detector.save(tmp_path / "a")
    ClanDetector(**SETTINGS).fit(flows).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert flows.equals(before)


def test_the_seed_that_was_given_is_remembered(detector: ClanDetector, flows: pl.DataFrame, tmp_path: Path) -> None:
    """So that what was loaded fits to the same model again."""
    detector.save(tmp_path / "a")
    loaded = ClanDetector.load(tmp_path / "a")
    assert loaded.manifest_["seed"] == loaded.get_params()["random_state"] == SETTINGS["random_state"]
    assert np.array_equal(loaded.fit(flows).anomaly_score(flows), detector.anomaly_score(flows))


def test_flow_tables_use_their_features_and_times(detector: ClanDetector, flows: pl.DataFrame) -> None:
    assert detector.features_ == GROUPS["flow"]
    assert detector.calibration_.days == pytest.approx(1.0)
    manifest = detector.manifest_
    assert manifest["training"] == {
        "rows": 300,
        "rows_seen": 300,
        "clean": 0.0,
        "set_aside": 0,
        "window": ["2024-05-01T00:00:00+00:00", "2024-05-02T00:00:00+00:00"],
    }
    assert detector.benign_quantiles_[0] == pytest.approx(flows[:, 4:].to_numpy().min(axis=0))
    assert detector.benign_quantiles_[-1] == pytest.approx(flows[:, 4:].to_numpy().max(axis=0))


def test_alerts_a_day_use_the_observed_days(flows: pl.DataFrame) -> None:
    calibration = ClanDetector(alerts_per_day=15, epochs=1, random_state=0).fit(flows).calibration_
    assert calibration.alpha == pytest.approx(15 / 300)
    assert calibration.expected_alerts_per_day == pytest.approx(15, abs=1)
    low, high = calibration.alerts_per_day_interval or (0, 0)
    assert low < 15 < high
    week = ClanDetector(alerts_per_day=5, days=7, epochs=1, random_state=0).fit(flows[:, 4:])
    assert week.calibration_.alpha == pytest.approx(35 / 300)


def test_budgets_that_the_rows_cannot_support_are_refused(flows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match=r"rate of 0.001 needs at least 999 benign flows, found 300"):
        ClanDetector(fpr=0.001).fit(flows)
    with pytest.raises(DataError, match=r"0.5 alerts a day needs at least 600 benign flows"):
        ClanDetector(alerts_per_day=0.5).fit(flows)
    with pytest.raises(DataError, match=r"no usable times; say it \(days\), or give the budget as a false"):
        ClanDetector(alerts_per_day=5).fit(flows[:, 4:])
    with pytest.raises(ConfigError, match="not both"):
        ClanDetector(alerts_per_day=5, fpr=0.1).fit(flows)


def test_default_budget_gives_way_with_a_warning(flows: pl.DataFrame) -> None:
    with pytest.warns(DataQualityWarning, match=r"300 rows are few .* is 0.0664 in place of 0.01. Train on 2,000"):
        detector = ClanDetector(epochs=1, random_state=0).fit(flows)
    assert detector.calibration_.rank == 20


@pytest.mark.parametrize("kind", ["numpy", "pandas", "polars"])
def test_tables_without_identity_columns(kind: str) -> None:
    values = np.random.default_rng(0).normal(size=(120, 3))
    table = {
        "numpy": values,
        "pandas": pd.DataFrame(values, columns=["a", "b", "c"]),
        "polars": pl.DataFrame(values, schema=["a", "b", "c"]),
    }[kind]
    detector = ClanDetector(**SETTINGS).fit(table)
    names = [f.name for f in detector.features_]
    assert names == (["x0", "x1", "x2"] if kind == "numpy" else ["a", "b", "c"])
    assert {f.group for f in detector.features_} == {"table"}
    assert detector.n_features_in_ == 3
    assert hasattr(detector, "feature_names_in_") == (kind != "numpy")
    assert np.isfinite(detector.anomaly_score(table)).all()


def test_polars_and_numpy_give_the_same_model() -> None:
    values = np.random.default_rng(0).normal(size=(120, 3))
    table = pl.DataFrame(values, schema=["a", "b", "c"])
    one, other = ClanDetector(**SETTINGS).fit(values), ClanDetector(**SETTINGS).fit(table)
    assert (one.anomaly_score(values) == other.anomaly_score(table)).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_named_with_their_columns(
    detector: ClanDetector, flows: pl.DataFrame, bad: float | None
) -> None:
    broken = flows.with_columns(
        pl.when(pl.int_range(pl.len()) < 3)
        .then(pl.lit(bad, dtype=pl.Float64))
        .otherwise(pl.col("iat_mean"))
        .alias("iat_mean")
    )
    for use in (detector.anomaly_score, ClanDetector(**SETTINGS).fit):
        with pytest.raises(DataError, match=r"has NaN or infinite values in: iat_mean \(3\)"):
            use(broken)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        ClanDetector(**SETTINGS).fit(broken[:, 4:].to_numpy())


def _told_by_some(flows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Make columns unknown in every third row."""
    return flows.with_columns(pl.when(pl.int_range(pl.len()) % 3 > 0).then(pl.col(names)))


def test_what_only_some_flows_can_tell_is_learnt_from_those(flows: pl.DataFrame, tmp_path: Path) -> None:
    partly = _told_by_some(flows, "iat_mean", "iat_std")
    detector = ClanDetector(**SETTINGS).fit(partly)
    scores = detector.anomaly_score(partly)
    assert np.isfinite(scores).all()
    told = partly.with_columns(pl.col("iat_mean", "iat_std").fill_null(1e9))
    assert (detector.anomaly_score(told)[::3] > scores[::3]).mean() > 0.9  # what never was said there is odd
    detector.save(tmp_path / "m.clan")
    assert (ClanDetector.load(tmp_path / "m.clan").anomaly_score(partly) == scores).all()


def test_a_flow_that_cannot_tell_what_all_others_could_is_scored_all_the_same(
    detector: ClanDetector, flows: pl.DataFrame
) -> None:
    assert np.isfinite(detector.anomaly_score(_told_by_some(flows, "iat_mean"))).all()


def test_null_in_a_table_that_is_no_flow_table_is_refused() -> None:
    table = pl.DataFrame({"a": [1.0, None, 3.0], "b": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match=r"null, NaN or infinite values in: a \(1\)"):
        ClanDetector(**SETTINGS).fit(table)


def test_missing_and_text_columns_are_named(detector: ClanDetector, flows: pl.DataFrame) -> None:
    for use in (detector.predict, ClanDetector(**SETTINGS).fit):
        with pytest.raises(SchemaError, match="lacks 1 of the 75 feature columns: iat_max"):
            use(flows.drop("iat_max"))
    with pytest.raises(SchemaError, match=r"found 1 of other types: name \(String\)"):
        ClanDetector(**SETTINGS).fit(pl.DataFrame({"a": [1.0, 2.0], "name": ["x", "y"]}))
    with pytest.raises(SchemaError, match="no columns"):
        ClanDetector(**SETTINGS).fit(_WITHOUT_COLUMNS)


def test_one_row_is_refused(flows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="at least 2 rows, found 1"):
        ClanDetector().fit(flows[:1])
    with pytest.raises(ValueError, match=r"1 sample"):
        ClanDetector().fit(np.zeros((1, 3)))


def test_a_group_that_lacks_a_column_is_left_out_with_a_warning(flows: pl.DataFrame) -> None:
    payload = [feature.name for feature in GROUPS["payload"]]
    older = flows.with_columns(pl.lit(1.0).alias(name) for name in payload[1:])
    with pytest.warns(DataQualityWarning, match=rf"group 'payload' is left out: the table lacks 1 .*\({payload[0]}\)"):
        fitted = ClanDetector(**SETTINGS).fit(older)
    assert set(payload).isdisjoint(fitted.feature_names_in_)


def test_features_that_the_source_cannot_tell_are_left_out_with_a_warning(flows: pl.DataFrame) -> None:
    partial = flows.with_columns(pl.lit(None, dtype=pl.Float64).alias("iat_mean"))
    with pytest.warns(DataQualityWarning, match="1 feature left out, null in every row: iat_mean"):
        detector = ClanDetector(**SETTINGS).fit(partial)
    assert "iat_mean" not in {f.name for f in detector.features_}
    assert np.isfinite(detector.anomaly_score(partial)).all()
    with pytest.raises(DataError, match="all 75 feature columns are null"):
        ClanDetector(**SETTINGS).fit(
            flows.with_columns(pl.lit(None, dtype=pl.Float64).alias(f.name) for f in GROUPS["flow"])
        )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"preset": "papper"}, UnknownNameError, "unknown preset 'papper'; did you mean 'paper'"),
        ({"scorer": "center"}, UnknownNameError, "unknown scorer 'center'"),
        ({"n_folds": 1}, ConfigError, "n_folds must be at least 2, got 1"),
        ({"days": 0}, ConfigError, "days must be above 0, got 0"),
        ({"epochs": 0}, ConfigError, "epochs must be at least 1"),
    ],
)
def test_settings_are_checked_in_fit(
    flows: pl.DataFrame, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ClanDetector(**settings).fit(flows)


def test_progress_covers_every_model(flows: pl.DataFrame) -> None:
    seen: list[TrainProgress] = []
    ClanDetector(**SETTINGS, n_folds=2).fit(flows, progress=seen.append)
    assert [state.epoch for state in seen] == list(range(1, len(seen) + 1))
    assert {state.n_epochs for state in seen} == {len(seen)}
    stages = [state.stage for state in seen]
    assert stages[:2] == ["final model"] * SETTINGS["epochs"]  # fold models have fewer rows, and as many steps
    assert list(dict.fromkeys(stages)) == ["final model", "fold 1 of 2", "fold 2 of 2"]


def test_scoring_before_fitting_is_scikit_learns_error(flows: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted"):
        ClanDetector().predict(flows)
    with pytest.raises(NotFittedError, match="not fitted"):
        ClanDetector().save(tmp_path / "m")


def test_a_small_far_cluster_is_named() -> None:
    flows = flow_table(1000)
    scan = pl.int_range(pl.len()).is_between(500, 514)
    spoiled = flows.with_columns(
        pl.when(scan).then(pl.lit(0)).otherwise(pl.col(f.name)).cast(f.dtype).alias(f.name) for f in GROUPS["flow"]
    )
    with pytest.warns(
        DataQualityWarning, match="15 of 1,000 training rows form a small cluster .* uids C00500, C00501"
    ):
        ClanDetector(**SETTINGS, scorer="feature_prototypes").fit(spoiled)
    with pytest.warns(DataQualityWarning, match="row numbers 500, 501, .* and 5 more"):
        ClanDetector(**SETTINGS, scorer="feature_prototypes").fit(spoiled[:, 4:])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fpr": "0.1"}, "fpr must be a number, got '0.1'"),
        ({"alerts_per_day": [3]}, r"alerts_per_day must be a number, got \[3\]"),
        ({"fpr": True}, "fpr must be a number, got True"),
        ({"clean": "0.1"}, "clean must be a number"),
        ({"days": "1"}, "days must be a number"),
        ({"n_folds": None, "epochs": "3"}, "must be a number"),
    ],
)
def test_settings_that_are_no_numbers_are_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ClanDetector(**settings).fit(np.random.default_rng(0).normal(size=(50, 3)))


def test_arrays_with_what_is_no_number_are_refused_by_column() -> None:
    values = np.random.default_rng(0).normal(size=(50, 3))
    values[[3, 4], 1], values[5, 2] = np.nan, np.inf
    message = r"the table of 50 rows has NaN or infinite values in: x1 \(2\), x2 \(1\); drop .* null in its place"
    with pytest.raises(DataError, match=message):
        ClanDetector(fpr=0.1).fit(values)
    with pytest.raises(DataError, match=r"infinite values in: b \(2\), a \(1\)"):
        ClanDetector(fpr=0.1).fit(pd.DataFrame(values, columns=["c", "b", "a"]))
    with pytest.raises(SchemaError, match=r"found twice or more: a \(2 times\)"):
        ClanDetector(fpr=0.1).fit(pd.DataFrame(values, columns=["a", "b", "a"]))


def test_flows_are_embedded(detector: ClanDetector, flows: pl.DataFrame) -> None:
    embedding = detector.embed(flows.head(50))
    n_parts = len(detector.model_.parts)
    assert embedding.shape == (50, 32 * n_parts)
    assert np.linalg.norm(embedding.reshape(50, n_parts, 32), axis=2) == pytest.approx(1.0, abs=1e-4)
    assert detector.embed(flows.head(50).lazy()) == pytest.approx(embedding)
    values = np.random.default_rng(0).normal(size=(60, 3))
    assert ClanDetector(**SETTINGS).fit(values).embed(values).shape == (60, 32)
    with pytest.raises(ConfigError, match="needs no embedding"):
        ClanDetector(scorer="feature_prototypes", fpr=0.1).fit(values).embed(values)
    with pytest.raises(NotFittedError):
        ClanDetector().embed(values)
