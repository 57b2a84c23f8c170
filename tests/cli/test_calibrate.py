"""`clan calibrate` changes the budget in seconds, refuses an attack, keeps versions and goes back to them."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import polars as pl
import pytest

from clan import ClanDetector
from clan.cli import main
from clan.detect.versions import versions_of


@pytest.fixture
def own(model: str, tmp_path: Path) -> str:
    """A copy of the model that may be changed."""
    path = tmp_path / "own.clan"
    path.write_bytes(Path(model).read_bytes())
    return str(path)


def test_another_budget_needs_no_flows_and_can_be_taken_back(own: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = ClanDetector.load(own)
    assert main(["calibrate", "-m", own, "--fpr", "0.05"]) == 0
    after = ClanDetector.load(own)
    assert after.calibration_.alpha == 0.05
    assert after.threshold_ < before.threshold_
    assert after.get_params()["fpr"] == 0.05
    assert [v.number for v in versions_of(own)] == [1]
    assert main(["info", own]) == 0
    assert "earlier_versions" in capsys.readouterr().out
    assert main(["calibrate", "-m", own, "--rollback"]) == 0
    assert ClanDetector.load(own).threshold_ == before.threshold_


def test_new_benign_flows_set_the_threshold(own: str, benign: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["calibrate", "-m", own, "-r", benign, "--by", "protocol", "--fpr", "0.02", "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accepted"] is True
    calibration = ClanDetector.load(own).calibration_
    assert (calibration.inflation, calibration.alpha) == (1.0, 0.02)
    assert calibration.groups is not None
    assert calibration.groups.by == ("protocol",)
    assert len(calibration.groups.cells) > 1
    assert main(["calibrate", "-m", own, "-r", benign]) == 0  # the budget and the groups of the model
    again = ClanDetector.load(own).calibration_
    assert (again.budget, again.groups) == (calibration.budget, calibration.groups)


def test_a_site_under_attack_is_not_learnt_as_normal(
    own: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(own).read_bytes()
    assert main(["calibrate", "-m", own, "-r", mixed]) == 1
    assert "alerting far more often than the others" in capsys.readouterr().err
    assert Path(own).read_bytes() == before
    scores = tmp_path / "s.parquet"
    assert main(["calibrate", "-m", own, "-r", mixed, "--trust", "-o", str(tmp_path / "learnt.clan")]) == 0
    arguments = ["detect", "-m", str(tmp_path / "learnt.clan"), "-r", mixed, "-o", str(tmp_path / "a"), "-q"]
    assert main([*arguments, "--scores", str(scores)]) == 0
    assert pl.read_parquet(scores)["alert"].to_numpy().mean() <= 0.011  # what trusting an attack costs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to do"),
        (["--by", "protocol"], "nothing to do"),
        (["--fpr", "0.1", "--trust"], "are about flows"),
        (["--fpr", "0.1", "--verdicts", "clan.db"], "are about flows"),
        (["--fpr", "2"], "fpr must be between 0 and 1"),
        (["--to", "3", "--fpr", "0.1"], "--to is for --rollback"),
        (["--rollback", "--fpr", "0.1"], "--rollback goes with -m and --to alone"),
        (["--fpr", "0.1", "--alerts-per-day", "3"], "not both"),
        (["-r", "x.pcap", "--by", "protocols"], "did you mean 'protocol'"),
    ],
)
def test_wrong_usage_is_told(own: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "-m", own, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_vouching_is_not_offered_where_it_does_not_help(
    own: str, benign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "-m", own, "-r", benign, "--alerts-per-day", "0.001"]) == 1
    told = capsys.readouterr().err
    assert "say how many days they stand for" in told
    assert "--trust" not in told


def test_no_version_to_go_back_to(own: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "-m", own, "--rollback"]) == 1
    assert "has no earlier version" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["calibrate", "-m", "OWN", "--fpr", "0.05"], ["calibrate", "-m", "OWN", "--rollback"]]
)
def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    own: str, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "-m", own, "--fpr", "0.03", "-q"]) == 0
    before = {path: path.read_bytes() for path in Path(own).parent.rglob("*") if path.is_file()}

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main([own if word == "OWN" else word for word in command]) == 1
    assert f"cannot write {own}: No space left on device" in " ".join(capsys.readouterr().err.split())
    assert {path: path.read_bytes() for path in Path(own).parent.rglob("*") if path.is_file()} == before
