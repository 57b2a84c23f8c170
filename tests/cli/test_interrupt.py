"""The first Ctrl-C waits for a good moment, the second does not; what was cut short says so."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest

from clan.cli import main
from clan.cli.console import ProgressLines
from clan.cli.interrupt import first_interrupt
from clan.detect import ClanDetector


def test_an_interrupt_waits_until_it_is_asked_for() -> None:
    before = signal.getsignal(signal.SIGINT)
    with first_interrupt() as interrupt:
        assert not interrupt.asked()
        signal.raise_signal(signal.SIGINT)
        assert not interrupt.obeyed
        assert interrupt.asked()
        assert not interrupt.asked()
    assert interrupt.obeyed
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_one_goes_through() -> None:
    with first_interrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit, match="130"):  # training would keep what it has on a KeyboardInterrupt
            signal.raise_signal(signal.SIGINT)


def train(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], capture: str, output: Path, at: list[str]
) -> tuple[int, str, list[str]]:
    """Train with an interrupt as each of the stages begins; gives exit code, standard output and standard error."""

    class Interrupted(ProgressLines):
        def update(self, stage: str, share: float) -> None:
            if at and at[0] in stage:
                at.pop(0)
                signal.raise_signal(signal.SIGINT)
            super().update(stage, share)

    monkeypatch.setattr("clan.cli.train.ProgressLines", Interrupted)
    code = main(["train", "-r", capture, "-o", str(output), "--fpr", "0.05", "--max-rows", "400", "--json"])
    said = capsys.readouterr()
    return code, said.out, said.err.splitlines()


def test_an_interrupted_training_says_so_last_and_in_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], benign: str, tmp_path: Path
) -> None:
    output = tmp_path / "m.clan"
    code, out, err = train(monkeypatch, capsys, benign, output, ["final model"])
    assert code == 130
    assert (
        err[-1]
        == f"warning: training was interrupted: {output} is the best model so far, train again for a complete one"
    )
    assert json.loads(out)["interrupted"] is True
    ClanDetector.load(output)


def test_an_interrupt_that_leaves_no_model_has_the_same_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], benign: str, tmp_path: Path
) -> None:
    output = tmp_path / "m.clan"
    code, _, err = train(monkeypatch, capsys, benign, output, ["final model", "fold 1 of 5"])
    assert code == 130
    assert err[-1] == "error: interrupted before any held-out flow was scored: no threshold can be set"
    assert not output.exists()


def test_giving_up_leaves_no_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], benign: str, tmp_path: Path
) -> None:
    output = tmp_path / "m.clan"
    code, _, err = train(monkeypatch, capsys, benign, output, ["training on", "final model"])
    assert code == 130
    assert err.count("stopping after this epoch, the best model so far is kept; Ctrl-C again to give up") == 1
    assert "interrupted" not in err[-1]
    assert not output.exists()


def test_an_interrupt_while_the_program_loads_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "clan.cli.app", Loading("clan.cli.app"))
    assert main(["--version"]) == 130
