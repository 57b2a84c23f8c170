"""An interrupt costs what was not done yet, never what was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from clan import ClanDetector
from clan.errors import TrainingError, TrainingWarning
from clan.train import TrainProgress

X = np.random.default_rng(0).normal(size=(400, 5))


def interrupt_in(*stages: str) -> Callable[[TrainProgress], None]:
    """Press Ctrl-C after the first epoch of each of these stages."""
    left = list(stages)

    def progress(state: TrainProgress) -> None:
        if left and state.stage.startswith(left[0]):
            left.pop(0)
            raise KeyboardInterrupt

    return progress


def test_in_the_final_model_the_folds_follow_with_as_many_epochs() -> None:
    detector = ClanDetector(fpr=0.05, epochs=6, random_state=0)
    with pytest.warns(TrainingWarning, match=r"interrupted in epoch 1 of 6; the weights of epoch 1 are kept"):
        detector.fit(X, progress=interrupt_in("final"))
    assert detector.calibration_.n == 400
    assert 0 < (detector.predict(X) == -1).mean() < 0.2


def test_in_a_fold_the_threshold_rests_on_the_folds_that_are_done() -> None:
    detector = ClanDetector(fpr=0.05, epochs=3, random_state=0, days=10)
    with (
        pytest.warns(TrainingWarning, match=r"interrupted in epoch"),
        pytest.warns(TrainingWarning, match=r"the threshold rests on 160 of 400 flows"),
    ):
        detector.fit(X, progress=interrupt_in("fold 3"))
    assert detector.calibration_.n == 160
    assert detector.calibration_.days == pytest.approx(4)
    assert detector.calibration_.flows_per_day == pytest.approx(40)


def test_before_any_fold_there_is_no_threshold() -> None:
    detector = ClanDetector(fpr=0.05, epochs=3, random_state=0)
    with (
        pytest.warns(TrainingWarning, match=r"interrupted in epoch"),
        pytest.raises(TrainingError, match="before any held-out flow was scored"),
    ):
        detector.fit(X, progress=interrupt_in("final", "fold 1"))
