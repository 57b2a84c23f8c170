"""Files are there whole or not at all, or are continued."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from clan.files import first_line, open_lines, write_whole


def full(path: Path, data: bytes) -> int:
    """Write what there is room for."""
    with path.open("wb") as file:
        file.write(data[:3])
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"before")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, b"after it")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_names_the_path_that_was_given(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, b"x")
    assert caught.value.filename == str(path)


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"before")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"after"


@pytest.mark.parametrize(("before", "after"), [(None, b"x"), (b"", b"x"), (b"a\n", b"a\nx"), (b"a", b"a\nx")])
def test_lines_are_continued(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    """A last line that was cut short is ended."""
    path = tmp_path / "lines"
    if before is not None:
        path.write_bytes(before)
    with open_lines(path, append=True) as file:
        file.write(b"x")
    assert path.read_bytes() == after
    with open_lines(path, append=False) as file:
        file.write(b"y\nz")
    assert (path.read_bytes(), first_line(path)) == (b"y\nz", b"y\n")
