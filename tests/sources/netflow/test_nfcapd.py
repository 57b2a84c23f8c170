"""A folder that nfcapd writes to: each file once, when it is finished, and conversations go on from one to the next."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest
from tests.sources.test_follow import run

from clan.errors import ConfigError
from clan.sources import FlowReader, FollowReader
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
