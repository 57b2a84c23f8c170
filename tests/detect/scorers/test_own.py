"""A scorer of one's own is found by its name, kept in the model file, and told when it breaks its word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pytest

from clan.detect import SCORERS, ClanDetector
from clan.detect.scorers import Scorer, scorer_class
from clan.detect.scorers.base import Array
from clan.errors import DataError, ModelFileError, TrainingError

VALUES = np.random.default_rng(0).normal(size=(100, 3))


class Largest:
    """The largest value of a row, NaN above a limit."""

    needs_encoder: ClassVar[bool] = False
    adds_up: ClassVar[bool] = False
    limit: ClassVar[float] = np.inf

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:
        """Learn nothing."""
        return cls()

    def score(self, x: Array, z: Array) -> Array:
        """Give the largest value."""
        largest: Array = x.max(axis=1)
        return np.where(largest > self.limit, np.float32(np.nan), largest)

    def tensors(self) -> dict[str, Array]:
        """Keep nothing."""
        return {}

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:
        """Build from nothing."""
        return cls()


class Broken(Largest):
    """The same, NaN for what training rows reach."""

    limit: ClassVar[float] = 0.5


class Cautious(Largest):
    """The same, NaN for what they do not reach."""

    limit: ClassVar[float] = 8.0


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kinds: dict[str, type[Scorer]] = {"largest": Largest, "broken": Broken, "cautious": Cautious}
    with monkeypatch.context() as changed:
        for name, kind in kinds.items():
            changed.setitem(SCORERS, name, kind)
        yield


def test_a_model_file_needs_the_scorer_that_it_names(
    own: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    detector = ClanDetector(scorer="largest", fpr=0.1, random_state=0).fit(VALUES)
    detector.save(tmp_path / "own.clan")
    assert (ClanDetector.load(tmp_path / "own.clan").predict(VALUES) == detector.predict(VALUES)).all()
    monkeypatch.delitem(SCORERS, "largest")
    with pytest.raises(
        ModelFileError, match=r"needs the scorer 'largest', which is not registered here .* import what"
    ):
        ClanDetector.load(tmp_path / "own.clan")


def test_another_scorer_of_the_same_name_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    together = scorer_class("centroid")
    monkeypatch.setitem(SCORERS, "centroid", Largest)
    assert scorer_class("centroid") is Largest
    monkeypatch.undo()
    assert scorer_class("centroid") is together
    name = "feature_prototypes+vmf_mixture"
    assert scorer_class(name) is scorer_class(name)


@pytest.mark.usefixtures("own")
def test_scores_that_are_no_numbers_are_told() -> None:
    with pytest.raises(TrainingError, match=r"scorer 'broken' gave values that are not finite to \d+ of 20 benign"):
        ClanDetector(scorer="broken", fpr=0.1, random_state=0).fit(VALUES)
    detector = ClanDetector(scorer="cautious", fpr=0.1, random_state=0).fit(VALUES)
    with pytest.raises(DataError, match=r"gave 1 of 2 flows a score that is no number"):
        detector.anomaly_score(np.array([[1e30, 0.0, 0.0], [0.0, 0.0, 0.0]]))
