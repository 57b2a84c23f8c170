"""What `clan train` says at its end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clan.calibrate import Budget, calibrate
from clan.cli.train import _tell


def test_a_sample_is_judged_by_the_time_of_all_that_it_was_drawn_from(capsys: pytest.CaptureFixture[str]) -> None:
    report: Any = SimpleNamespace(clusters=(), curve=None)
    detector: Any = SimpleNamespace(
        days=30.0,
        calibration_=calibrate(np.arange(1000.0), Budget(fpr=0.01), days=0.3),  # of every hundredth flow
        manifest_={"training": {"rows": 1000, "rows_seen": 100_000, "set_aside": 0}},
        threshold_=1.0,
    )
    _tell(report, detector, "m.clan")
    assert "judged by 30.0 days of traffic" in capsys.readouterr().err.replace("\n", " ")
