"""Where no terminal shows a bar, lines tell how far work is, and not too many of them."""

from __future__ import annotations

import pytest

from clan.cli.console import LOG_EVERY_S, ProgressLines


def test_a_line_as_a_stage_begins_and_one_a_minute_within_it(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    lines = ProgressLines(clock=lambda: now)
    for epoch in range(1, 101):
        lines.update("training: final model" if epoch <= 90 else "training: fold 1 of 5", epoch / 100)
        now += LOG_EVERY_S / 40
    assert capsys.readouterr().err.splitlines() == [
        "training: final model, 1% done",
        "training: final model, 41% done",
        "training: final model, 81% done",
        "training: fold 1 of 5, 91% done",
    ]
