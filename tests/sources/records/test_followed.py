"""Logs that grow: nothing is read twice and nothing is missed, through rotation, truncation and restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clan.errors import SourceUnavailable
from clan.sources.records import FollowedFile, followed


def now(pieces: Iterator[bytes]) -> bytes:
    """Everything that there is for the moment."""
    out = b""
    while piece := next(pieces):
        out += piece
    return out


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "conn.log"
    path.write_bytes(b"one\n")
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as out:
        out.write(data)


def test_lines_are_given_when_they_are_whole(log: Path) -> None:
    file = FollowedFile(str(log))
    pieces = file.pieces()
    assert now(pieces) == b"one\n"
    append(log, b"tw")
    assert (now(pieces), file.position.offset) == (b"", 4)
    append(log, b"o\nthree\nfo")
    assert (now(pieces), file.position.offset) == (b"two\nthree\n", 14)
    file.close()
    file.close()


@pytest.mark.parametrize("late", [b"", b"late\n"])
def test_rotation_by_renaming(log: Path, late: bytes) -> None:
    file = FollowedFile(str(log))
    pieces = file.pieces()
    assert now(pieces) == b"one\n"
    old = log.rename(log.with_name("conn.old.log"))
    assert now(pieces) == b""
    append(old, late)  # the writer still has it open
    log.write_bytes(b"new\n")
    assert now(pieces) == late + b"new\n"
    assert (file.rotations, file.position.offset) == (1, 4)
    file.close()


def test_truncation_in_place(log: Path) -> None:
    file = FollowedFile(str(log))
    pieces = file.pieces()
    append(log, b"two\n")
    assert now(pieces) == b"one\ntwo\n"
    log.write_bytes(b"a\n")
    assert (now(pieces), file.truncations) == (b"a\n", 1)
    file.close()


def test_restart_goes_on_where_it_was(log: Path) -> None:
    file = FollowedFile(str(log))
    append(log, b"half")
    assert now(file.pieces()) == b"one\n"
    where = file.position
    file.close()
    append(log, b" done\n")
    again = FollowedFile(str(log), where)
    assert now(again.pieces()) == b"half done\n"
    again.close()


def test_restart_after_a_rotation_reads_the_old_file_to_its_end(log: Path) -> None:
    file = FollowedFile(str(log))
    assert now(file.pieces()) == b"one\n"
    where = file.position
    file.close()
    append(log, b"two\n")
    log.rename(log.with_name("conn.1.log"))
    log.write_bytes(b"three\n")
    again = FollowedFile(str(log), where)
    assert now(again.pieces()) == b"two\nthree\n"
    assert again.lost == 0
    again.close()


def test_restart_when_the_old_file_is_gone_is_counted(log: Path) -> None:
    file = FollowedFile(str(log))
    where = file.position
    file.close()
    other = log.with_name("kept")
    log.rename(other)  # so that its inode is not given to the new file
    log.write_bytes(b"new\n")
    again = FollowedFile(str(log), followed.Position(where.device, where.inode + 10**9, 4))
    assert (now(again.pieces()), again.lost) == (b"new\n", 1)
    again.close()


def test_a_line_that_does_not_end_is_passed_over(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "MAX_LINE_BYTES", 10)
    file = FollowedFile(str(log))
    pieces = file.pieces()
    append(log, b"x" * 50)
    assert now(pieces) == b"one\n"
    append(log, b"x" * 50)
    assert now(pieces) == b""
    append(log, b"\ntwo\n")
    assert (now(pieces), file.overlong) == (b"two\n", 1)
    assert file.position.offset == log.stat().st_size
    file.close()


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot read"):
        FollowedFile(str(tmp_path / "missing"))


@pytest.mark.parametrize("names", [("conn.1.log", "conn.2.log"), ("conn.log.2", "conn.log.1")])
def test_files_between_two_looks_come_in_their_order(log: Path, names: tuple[str, str]) -> None:
    file = FollowedFile(str(log))
    pieces = file.pieces()
    assert now(pieces) == b"one\n"
    position = file.position
    log.rename(log.with_name(names[0]))
    log.write_bytes(b"two\n")
    log.rename(log.with_name(names[1]))
    log.with_name("conn.scored.log").write_bytes(b"of somebody else\n")
    log.with_name("dns.1.log").write_bytes(b"of another log\n")
    log.write_bytes(b"three\n")
    assert now(pieces) == b"two\nthree\n"
    assert file.rotations == 2
    again = FollowedFile(str(log), position)  # and so after a restart, with one more before anything is read
    log.rename(log.with_name("conn.3.log"))
    log.write_bytes(b"four\n")
    assert now(again.pieces()) == b"two\nthree\nfour\n"
    file.close()
    again.close()


def test_a_line_that_a_file_ends_within_is_given(log: Path) -> None:
    file = FollowedFile(str(log))
    pieces = file.pieces()
    append(log, b"cu")
    assert now(pieces) == b"one\n"
    log.rename(log.with_name("conn.1.log"))
    log.write_bytes(b"two\n")
    assert now(pieces) == b"cu\ntwo\n"
    append(log, b"more")
    assert now(pieces) == b""
    log.write_bytes(b"x\n")  # cut in place
    assert now(pieces) == b"more\nx\n"
    assert (file.rotations, file.truncations) == (1, 1)
    file.close()
