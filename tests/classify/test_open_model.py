"""A model file opens as what it holds: a detector, and what names its alerts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import clan
from clan.classify import open_model
from clan.errors import ModelFileError


@pytest.fixture(scope="module")
def detector() -> clan.ClanDetector:
    benign = np.random.default_rng(1).normal(size=(60, 2))
    return clan.ClanDetector(fpr=0.1, scorer="feature_prototypes", n_folds=2, random_state=0).fit(benign)


def test_opens_what_is_there(detector: clan.ClanDetector, tmp_path: Path) -> None:
    detector.save(tmp_path / "plain.clan")
    x, y = np.repeat([[0.0, 0.0], [9.0, 9.0]], 5, axis=0), ["benign"] * 5 + ["scan"] * 5
    named = clan.FlowClassifier(detector, random_state=0).fit(x, y)
    named.save(tmp_path / "named.clan")
    found, namer = open_model(tmp_path / "plain.clan")
    assert namer is None
    assert np.array_equal(found.anomaly_score(x), detector.anomaly_score(x))
    found, namer = open_model(tmp_path / "named.clan")
    assert namer is not None
    assert namer.detector is found
    assert namer.manifest_ == named.manifest_
    assert (namer.manifest_["labelled_rows"], namer.manifest_["held_out_rows"]) == ([5, 5], 10)


def test_names_without_a_detector_are_no_detector(tmp_path: Path) -> None:
    x, y = np.repeat([[0.0, 0.0], [9.0, 9.0]], 5, axis=0), ["benign"] * 5 + ["scan"] * 5
    clan.FlowClassifier(random_state=0).fit(x, y).save(tmp_path / "names.clan")
    with pytest.raises(ModelFileError, match="names flows but detects none"):
        open_model(tmp_path / "names.clan")
    with pytest.raises(ModelFileError, match="names flows and detects nothing"):
        clan.ClanDetector.load(tmp_path / "names.clan")
