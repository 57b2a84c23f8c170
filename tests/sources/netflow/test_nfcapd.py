"""A folder that nfcapd writes to: each file once, when it is finished, and conversations go on from one to the next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.sources.test_follow import run

from clan.errors import ConfigError
from clan.sources import FlowReader, FollowReader
from clan.sources.netflow import nfcapd
from clan.sources.netflow.nfcapd import NfcapdFeed, NfcapdStream, finished_files
from clan.sources.netflow.nfdump import MAGIC

pytestmark = pytest.mark.skipif(shutil.which("nfdump") is None, reason="nfdump is not installed")


@pytest.fixture(scope="module")
def parts(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A real file, cut in two by its records."""
    whole = test_data / "flows" / "nfdump" / "malicious.nfdump"
    folder = tmp_path_factory.mktemp("parts")
    cuts = {"one": "packets < 2", "two": "not packets < 2"}
    for name, which in cuts.items():
        subprocess.run(["nfdump", "-r", whole, "-w", folder / name, which], check=True, capture_output=True)
    return [folder / name for name in cuts]


def identities(flows: pl.DataFrame) -> list[str]:
    return sorted(flows["uid"])


def test_files_are_read_as_one_stream_when_they_are_finished(parts: list[Path], tmp_path: Path) -> None:
    folder, state = tmp_path / "flows", str(tmp_path / "state")
    day = folder / "2024" / "05"
    day.mkdir(parents=True)
    shutil.copy(parts[0], day / "nfcapd.202405061200")
    shutil.copy(parts[1], folder / "nfcapd.current.77")
    turns = iter(range(40))

    def step(n: int) -> bool:
        turn = next(turns)
        if turn == 8:
            (folder / "nfcapd.current.77").rename(day / "nfcapd.202405061205")
        return turn == 16

    reader = FollowReader([str(folder)], state=state)
    followed = run(reader, step)
    together = pl.concat(list(FlowReader([str(path) for path in parts], join=True).batches()))
    assert identities(followed) == identities(together)
    assert followed["conn_fwd_bytes"].sum() == together["conn_fwd_bytes"].sum()
    assert (reader.kind, reader.report.counts["records"]) == ("netflow", 4593)

    again, turn = FollowReader([str(folder)], state=state), iter(range(8))
    again._tell = lambda: again.stop() if next(turn) == 6 else None  # type: ignore[method-assign]
    assert list(again.batches()) == []  # all was given before


def test_folders_of_earlier_days_are_not_looked_into_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days, looked = ["2023/12/31", "2024/05/05", "2024/05/06", "2024/06/01"], []
    for day in [*days, "router", "9"]:
        (tmp_path / day).mkdir(parents=True)
        (tmp_path / day / f"nfcapd.{day.replace('/', '')}1200".ljust(19, "0")).touch()
    (tmp_path / days[2] / "nfcapd.current.77").touch()
    scan = os.scandir

    def looking(folder: Path) -> Any:
        looked.append(str(folder.relative_to(tmp_path)))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", looking)
    found = finished_files(tmp_path, after="nfcapd.202405051200", newest=("2024", "05", "05"))
    assert [path.name for path in found] == ["nfcapd.202405061200", "nfcapd.202406011200", "nfcapd.912000000000"]
    assert sorted(looked) == [
        ".",
        "2024",
        "2024/05",
        "2024/05/05",
        "2024/05/06",
        "2024/06",
        "2024/06/01",
        "9",
        "router",
    ]


def test_a_feed_lists_what_is_new_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = tmp_path / "2024-05-06"
    day.mkdir()
    (day / "nfcapd.202405061200").touch()
    asked: list[dict[str, Any]] = []

    def listed(folder: Path, **how: Any) -> list[Path]:
        asked.append(how)
        return finished_files(folder, **how)

    monkeypatch.setattr(nfcapd, "finished_files", listed)
    monkeypatch.setattr(nfcapd, "LOOK_EVERY_S", 0.0)
    feed = NfcapdFeed(str(tmp_path), {}, NfcapdStream(str(tmp_path)).source)
    assert [bool(piece) for piece, _ in zip(feed.pieces(), range(3), strict=False)] == [True, False, False]
    assert asked[:2] == [{"after": "", "newest": ()}, {"after": "nfcapd.202405061200", "newest": ("2024-05-06",)}]


def test_a_file_that_nfdump_cannot_read_costs_itself(parts: list[Path], tmp_path: Path) -> None:
    (tmp_path / "nfcapd.202405061200").write_bytes(MAGIC + b"\xff" * 300)
    shutil.copy(parts[0], tmp_path / "nfcapd.202405061205")
    turns = iter(range(8))
    reader = FollowReader([str(tmp_path)])
    assert run(reader, lambda _: next(turns) == 6).height
    assert reader.report.counts["unreadable_files"] == 1
    assert "nfcapd.202405061200" in reader.report.warnings[0]


def test_what_was_not_given_is_read_again_after_a_crash(parts: list[Path], tmp_path: Path) -> None:
    """Records wait for others of their conversation; a position behind them would lose them."""
    shutil.copy(parts[0], tmp_path / "nfcapd.202405061200")
    reader = FollowReader([str(tmp_path)], state=str(tmp_path / "state"))
    feed = reader._feeds[str(tmp_path)]
    piece = next(feed.pieces())
    list(reader._streams[str(tmp_path)].take(piece))
    assert feed.saved() == {"file": ""}
    reader.close()


def test_other_folders_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no finished file of nfcapd .* --format nfdump waits"):
        FollowReader([str(tmp_path)])
    reader = FollowReader([str(tmp_path)], format_name="nfdump")
    assert reader.names == [str(tmp_path)]
    reader.close()
    (tmp_path / "state").write_text(json.dumps({"version": 1, "logs": {str(tmp_path): {"file": 7}}}))
    with pytest.raises(ConfigError, match="delete the state file"):
        FollowReader([str(tmp_path)], format_name="nfdump", state=str(tmp_path / "state"))
