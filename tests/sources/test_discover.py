"""What the user typed becomes the files that it means, or an error of clan that names the path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clan.errors import SourceUnavailable
from clan.sources.discover import find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.pcap", "a.pcap", "sub/c.pcapng", ".hidden", ".git/d.pcap", "sub/.e.pcap", "[x].pcap"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def names(found: list[str], folder: Path) -> list[str]:
    return [str(Path(path).relative_to(folder)) for path in found]


def test_folders_are_searched_to_the_bottom_without_hidden_files(folder: Path) -> None:
    assert names(find_files([str(folder)]).files, folder) == ["[x].pcap", "a.pcap", "b.pcap", "sub/c.pcapng"]


def test_a_hidden_folder_that_was_asked_for_is_read(folder: Path) -> None:
    assert names(find_files([str(folder / ".git")]).files, folder) == [".git/d.pcap"]


def test_globs(folder: Path) -> None:
    assert names(find_files([f"{folder}/[ab].pcap"]).files, folder) == ["a.pcap", "b.pcap"]
    assert names(find_files([f"{folder}/**/*.pcapng"]).files, folder) == ["sub/c.pcapng"]


def test_a_file_with_the_name_of_a_glob_is_that_file(folder: Path) -> None:
    assert names(find_files([f"{folder}/[x].pcap"]).files, folder) == ["[x].pcap"]


def test_order_is_as_given_and_repeats_count_once(folder: Path) -> None:
    given = [str(folder / "b.pcap"), "-", str(folder), "-"]
    found = find_files(given).files
    assert found[:2] == given[:2]
    assert len(found) == len(set(found)) == 5


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("missing.pcap", "missing.pcap does not exist$"),
        ("a.pcp", r"a.pcp does not exist; did you mean \S+a.pcap\?"),
        ("*.cap", r"no file matches .*\*.cap"),
        ("empty", "empty is a folder without a file"),
        ("x" * 5000, "cannot read .*File name too long"),
        ("nul\0byte", "does not exist"),
        ("gone", "gone does not exist"),
        ("loop", "loop does not exist"),
    ],
)
def test_paths_that_mean_nothing(folder: Path, path: str, match: str) -> None:
    (folder / "empty").mkdir()
    (folder / "gone").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(SourceUnavailable, match=match):
        find_files([str(folder / path)])


def test_a_folder_that_may_not_be_looked_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(SourceUnavailable, match=r"cannot read .*a.pcap: Permission denied"):
        find_files([str(folder / "a.pcap")])


def test_what_a_search_did_not_look_into_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without permission and a link to a folder cost nothing but themselves; root may look everywhere."""
    (folder / "linked").symlink_to(folder / "sub")
    (folder / ".secret").symlink_to(folder / "sub")
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_files([str(folder)])
    assert names(found.files, folder) == ["[x].pcap", "a.pcap", "b.pcap"]
    assert names(list(found.passed_over), folder) == ["linked", "sub"]
    assert found.passed_over[str(folder / "sub")] == "cannot look into this folder: Permission denied"
    with pytest.raises(SourceUnavailable, match=r"cannot read .*sub: Permission denied"):
        find_files([str(folder / "sub")])


def test_a_file_that_cannot_even_be_looked_at_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder that may be listed but not entered."""
    look = Path.is_file

    def refuse(path: Path) -> bool:
        if path.name == "a.pcap":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    found = find_files([str(folder)])
    assert "a.pcap" not in names(found.files, folder)
    assert found.passed_over == {str(folder / "a.pcap"): "cannot be read: Permission denied"}
