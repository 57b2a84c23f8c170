"""Versions of a model are kept, bounded in number, and can be put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clan.detect.versions import folder_of, replace_model, roll_back, versions_of
from clan.errors import ConfigError, ModelFileError


def writer(content: str) -> Callable[[Path], None]:
    """What saves a model that is this text."""

    def write(target: Path) -> None:
        target.write_text(content)

    return write


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of four versions."""
    path = tmp_path / "office.clan"
    for content in ("one", "two", "three", "four"):
        replace_model(path, writer(content), keep=2)
    return path


def test_the_latest_versions_are_kept(model: Path) -> None:
    assert model.read_text() == "four"
    assert [(v.number, v.path.read_text()) for v in versions_of(model)] == [(2, "two"), (3, "three")]
    assert not list(folder_of(model).glob("*.partial"))


def test_rolling_back_keeps_what_it_replaces(model: Path) -> None:
    assert roll_back(model).number == 3
    assert model.read_text() == "three"
    assert [v.path.read_text() for v in versions_of(model)] == ["two", "four"]
    roll_back(model)
    assert model.read_text() == "four"
    roll_back(model, 2)
    assert model.read_text() == "two"


def test_a_version_that_is_not_there(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"has no version 9 in .*office.clan.versions; there are: 2, 3"):
        roll_back(model, 9)
    with pytest.raises(ModelFileError, match="has no earlier version"):
        roll_back(tmp_path / "other.clan")


def test_none_are_kept_where_none_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "m.clan"
    for content in ("one", "two"):
        assert replace_model(path, writer(content), keep=0) is None
    assert versions_of(path) == []
    with pytest.raises(ConfigError, match="keep must be at least 0, got -1"):
        replace_model(path, lambda target: None, keep=-1)


def test_a_failed_save_leaves_the_model_as_it_was(model: Path) -> None:
    def fail(target: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_model(model, fail)
    assert model.read_text() == "four"
