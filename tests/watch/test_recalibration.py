"""The threshold is set anew on schedule, with a version kept; an attack is refused, and a changed file left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.test_monitor import make_flows

from clan import ClanDetector
from clan.calibrate import Budget
from clan.detect.versions import versions_of
from clan.errors import ClanError
from clan.monitor import LoadedModel
from clan.watch.recalibration import Recalibrated, RecalibrateSettings, Recalibration


@pytest.fixture(scope="module")
def trained() -> ClanDetector:
    source = {"kind": "packets", "formats": ["pcap"], "settings": {}}
    return ClanDetector(fpr=0.05, scorer="feature_prototypes", random_state=0).fit(make_flows(2000, 0), source=source)


@pytest.fixture
def model(trained: ClanDetector, tmp_path: Path) -> LoadedModel:
    trained.save(tmp_path / "m.clan")
    return LoadedModel.open(tmp_path / "m.clan")


def judged(model: LoadedModel, n: int, seed: int, **how: Any) -> pl.DataFrame:
    """Flows of many hosts, judged."""
    flows = make_flows(n, seed, **how).with_columns(
        src_ip=pl.format("10.0.{}.{}", pl.int_range(n) % 7, pl.int_range(n) % 250),
        dst_ip=pl.format("10.1.0.{}", pl.int_range(n) % 200),
    )
    return model.detector.judge(flows)


class Clock:
    """Time that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """Tell it."""
        return self.now


def finished(recalibration: Recalibration) -> Recalibrated | None:
    """Wait for what was begun."""
    while True:
        pending = recalibration._job is not None
        done = recalibration.finished()
        if done is not None or not pending:
            return done
        time.sleep(0.01)


@pytest.fixture
def begun(model: LoadedModel) -> Callable[[pl.DataFrame], Recalibration]:
    def begin(scored: pl.DataFrame) -> Recalibration:
        clock = Clock()
        recalibration = Recalibration(RecalibrateSettings(every_s=100.0, keep=1), model, clock=clock)
        recalibration.observe(scored)
        assert not recalibration.begin()
        clock.now = 100.0
        assert recalibration.begin()
        assert not recalibration.begin()
        return recalibration

    return begin


def test_a_new_threshold_and_the_version_before(
    model: LoadedModel, begun: Callable[[pl.DataFrame], Recalibration]
) -> None:
    recalibration = begun(judged(model, 1500, 1))
    done = finished(recalibration)
    assert done is not None
    assert done.model.detector.calibration_.n == 1500 - done.proposal.n_left_out
    assert LoadedModel.open(model.path).model_id == done.model.model_id != model.model_id
    (version,) = versions_of(model.path)
    assert LoadedModel.open(version.path).model_id == model.model_id
    assert "threshold" in str(done)
    recalibration.close()


def test_an_attack_is_refused_and_nothing_is_written(
    model: LoadedModel, begun: Callable[[pl.DataFrame], Recalibration]
) -> None:
    recalibration = begun(judged(model, 1500, 2, scale=1e4))
    with pytest.raises(ClanError, match="of the other flows alert"):
        finished(recalibration)
    assert LoadedModel.open(model.path).model_id == model.model_id
    assert versions_of(model.path) == []
    recalibration.close()


def test_a_model_that_somebody_put_there_meanwhile_stays(
    model: LoadedModel, begun: Callable[[pl.DataFrame], Recalibration]
) -> None:
    other = LoadedModel.open(model.path)
    other.detector.calibrate(budget=Budget(fpr=0.1))
    other.detector.save(model.path)
    recalibration = begun(judged(model, 1500, 1))
    with pytest.raises(ClanError, match="is another model by now"):
        finished(recalibration)
    assert LoadedModel.open(model.path).model_id == other.detector.model_id_
    recalibration.close()


def test_what_was_begun_for_another_model_is_dropped(
    model: LoadedModel, begun: Callable[[pl.DataFrame], Recalibration]
) -> None:
    recalibration = begun(judged(model, 1500, 1))
    recalibration.use(LoadedModel.open(model.path))
    assert finished(recalibration) is None
    recalibration.close()


def test_off_unless_asked(model: LoadedModel) -> None:
    clock = Clock()
    recalibration = Recalibration(RecalibrateSettings(), model, clock=clock)
    clock.now = 1e9
    assert not recalibration.begin()
    recalibration.close()
