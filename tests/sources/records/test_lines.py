"""Pieces of whole lines: nothing is lost at the seams, and no line fills the memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from clan.sources.packets import ByteStream
from clan.sources.records import LineReader, lines, lines_of


def read(path: Path, size: int) -> tuple[bytes, LineReader]:
    stream = ByteStream(str(path))
    reader = LineReader(stream, piece_bytes=size)
    pieces = list(reader.pieces())
    stream.close()
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
    return b"".join(pieces), reader


@pytest.mark.parametrize("size", [40, 64, 1 << 20])
@pytest.mark.parametrize("end", ["", "\n"])
def test_seams_lose_nothing(size: int, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 30)
    content = "\n".join("x" * (i % 29) for i in range(500)) + "last" + end
    (tmp_path / "log").write_text(content)
    found, reader = read(tmp_path / "log", size)
    assert (found.decode(), reader.overlong, reader.cut) == (content, 0, not end)


@pytest.mark.parametrize("length", [150, 3000])
def test_a_line_that_is_too_long_is_passed_over(length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    (tmp_path / "log").write_text("one\n" + "x" * length + "\ntwo\n" + "y" * length)
    found, reader = read(tmp_path / "log", 120)
    assert (found, reader.overlong, reader.cut) == (b"one\ntwo\n", 2, False)


def test_empty_lines_and_carriage_returns_are_no_lines() -> None:
    assert lines_of(b"a\r\n\r\n\nb\n") == [b"a", b"b"]
