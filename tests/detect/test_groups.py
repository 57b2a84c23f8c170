"""Each feature group has a part of its own; what the parts say is brought to one scale, added, kept and told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.detect.flow_tables import flow_table

from clan.detect import ClanDetector
from clan.detect.levels import UNKNOWN, Level
from clan.detect.scorers.one_sided import OneSided
from clan.encoder import read_model, write_model
from clan.errors import ModelFileError
from clan.schema import GROUPS

CONTEXT = [f.name for f in GROUPS["context"]]


def two_groups(n: int = 300, *, seed: int = 0) -> pl.DataFrame:
    """Benign flows of the groups `flow` and `context`."""
    generator = np.random.default_rng(seed + 100)
    flows = flow_table(n, seed=seed)
    return flows.with_columns(pl.Series(name, generator.lognormal(1.0, 0.5, n)) for name in CONTEXT)


@pytest.fixture(scope="module")
def detector() -> ClanDetector:
    return ClanDetector(fpr=0.05, scorer="feature_prototypes", random_state=0).fit(two_groups())


def test_what_the_groups_say_adds_up_to_the_score(detector: ClanDetector) -> None:
    flows = two_groups(100, seed=1)
    parts = detector.score_by_group(flows)
    assert list(parts) == ["flow", "context"]
    assert parts["flow"] + parts["context"] == pytest.approx(detector.anomaly_score(flows), abs=1e-12)


def test_only_the_group_that_is_odd_says_more(detector: ClanDetector) -> None:
    flows = two_groups(100, seed=1)
    odd = flows.with_columns(pl.col(CONTEXT) * 1000)
    before, after = detector.score_by_group(flows), detector.score_by_group(odd)
    assert (after["flow"] == before["flow"]).all()
    assert (after["context"] > before["context"]).all()
    assert (detector.predict(odd) == -1).all()


def test_a_group_that_is_unknown_in_a_row_speaks_neither_for_nor_against_it(detector: ClanDetector) -> None:
    flows = two_groups(100, seed=1)
    silent = flows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in CONTEXT)
    parts = detector.score_by_group(silent)
    assert (parts["context"] == UNKNOWN).all()
    assert (parts["flow"] == detector.score_by_group(flows)["flow"]).all()


def test_a_score_does_not_depend_on_the_rows_beside_it(detector: ClanDetector) -> None:
    flows = two_groups(60, seed=2)
    together = detector.anomaly_score(flows)
    assert [float(detector.anomaly_score(flows[i])[0]) for i in range(flows.height)] == together.tolist()
    assert (detector.anomaly_score(flows.reverse()) == together[::-1]).all()


def test_the_model_file_keeps_the_parts(detector: ClanDetector, tmp_path: Path) -> None:
    flows = two_groups(60, seed=2)
    detector.save(tmp_path / "m")
    again = ClanDetector.load(tmp_path / "m")
    assert (again.anomaly_score(flows) == detector.anomaly_score(flows)).all()
    assert list(again.score_by_group(flows)) == ["flow", "context"]
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("context.level.marks", np.arange(39.0)[::-1], "ascending"),
        ("flow.level.excess", np.zeros(1), "above 0"),
        ("flow.level.excess", None, "KeyError"),
        ("flow.level.least", np.full(1, -1.0), "0 or above"),
    ],
)
def test_levels_that_are_none_are_refused(
    detector: ClanDetector, tmp_path: Path, name: str, value: np.ndarray | None, message: str
) -> None:
    detector.save(tmp_path / "m")
    manifest, tensors = read_model(tmp_path / "m")
    del manifest["sha256"]
    if value is None:
        del tensors[name]
    else:
        tensors[name] = np.ascontiguousarray(value)
    write_model(tmp_path / "m", manifest, tensors)
    with pytest.raises(ModelFileError, match=message):
        ClanDetector.load(tmp_path / "m")


def test_one_group_is_scored_as_it_is() -> None:
    detector = ClanDetector(fpr=0.05, scorer="feature_prototypes", random_state=0).fit(flow_table())
    assert list(detector.score_by_group(flow_table(50, seed=1))) == ["all"]
    assert detector.model_.levels is None


def test_the_published_recipe_looks_at_all_columns_together() -> None:
    detector = ClanDetector(fpr=0.05, preset="paper", epochs=1, random_state=0).fit(two_groups(200))
    assert list(detector.model_.parts) == ["all"]


def test_levels_are_benign_tail_probabilities_that_go_on_beyond_what_was_seen() -> None:
    scores = np.random.default_rng(0).exponential(2.0, 100_000)
    level = Level.fit(scores)
    at = np.array([0.5, 2.0, 6.0, 40.0])
    assert level.rarity(at) == pytest.approx(at / 2.0, rel=0.05)
    assert level.rarity(np.array([np.nan, -1.0])).tolist() == [UNKNOWN, 0.0]
    constant = Level.fit(np.full(50, 3.0)).rarity(np.array([2.0, 3.0, 3.1]))
    assert constant[0] == constant[1] == 0 < constant[2] < np.inf


def test_a_level_may_speak_by_its_tail_alone() -> None:
    scores = np.random.default_rng(0).exponential(2.0, 10_000)
    at = np.array([0.5, 6.0, 8.0, 40.0, np.nan])
    assert (Level.fit(scores, least=3.0).rarity(at) == np.maximum(Level.fit(scores).rarity(at) - 3.0, 0.0)).all()


def test_what_almost_nobody_has_is_rare_however_little_it_is() -> None:
    x = np.zeros((1000, 2), np.float32)
    x[:5, 0] = 1.0
    scorer = OneSided.fit(x, x, seed=0)
    found = scorer.score(np.array([[0, 0], [1, 0], [9, 0], [0, 1]], np.float32), x)
    assert found[0] == 0
    assert found[1] == pytest.approx(-np.log(5 / 1001) + 1)
    assert found[2] > found[1]
    assert found[3] > -np.log(1 / 1001)


def test_the_portable_preset_counts_a_flow_by_its_tail() -> None:
    detector = ClanDetector(fpr=0.05, preset="portable", epochs=1, random_state=0).fit(two_groups())
    parts = detector.score_by_group(two_groups(200, seed=1))
    assert (parts["flow"] == 0).mean() > 0.8
    assert (parts["context"] > 0).mean() > 0.5


def test_the_portable_preset_finds_only_more_than_usual_odd_in_the_context(tmp_path: Path) -> None:
    flows = two_groups(100, seed=1)
    detector = ClanDetector(fpr=0.05, preset="portable", epochs=1, random_state=0).fit(two_groups())
    before = detector.score_by_group(flows)["context"]
    more = detector.score_by_group(flows.with_columns(pl.col(CONTEXT) * 100))["context"]
    less = detector.score_by_group(flows.with_columns(pl.col(CONTEXT) / 100))["context"]
    assert (less <= before).all()
    assert (more > before).all()
    detector.save(tmp_path / "m")
    again = ClanDetector.load(tmp_path / "m")
    assert (again.anomaly_score(flows) == detector.anomaly_score(flows)).all()
    assert again.get_params()["scorer"] is None
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
