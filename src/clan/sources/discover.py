"""From what the user typed after `-r` to the files that it means."""

from __future__ import annotations

import difflib
import glob
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from clan.errors import SourceUnavailable
from clan.sources.packets import STDIN

_MOST_NEIGHBOURS: Final = 1000
"""Files of a folder among which one of a similar name is looked for."""


@dataclass(slots=True)
class Found:
    """What some paths mean.

    Attributes:
        files: In the order given, sorted within each folder and glob; none twice.
        passed_over: What was met in folders and not looked into, with the reason.
    """

    files: list[str] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)


def find_files(paths: Sequence[str]) -> Found:
    """Expand files, folders (searched to the bottom) and globs.

    Args:
        paths: As the user gave them; `-` is standard input. Hidden files in folders are left out.

    Raises:
        SourceUnavailable: A path does not exist, a glob matches nothing, a folder holds no file, or one may not be
            looked into.
    """
    found = Found()
    for path in paths:
        try:
            found.files += [path] if path == STDIN else _expand(path, found.passed_over)
        except OSError as error:
            if isinstance(error, SourceUnavailable):
                raise
            raise SourceUnavailable(f"cannot read {path}: {error.strerror or error}") from error
    found.files = list(dict.fromkeys(found.files))
    return found


def _expand(path: str, passed_over: dict[str, str]) -> list[str]:
    """Expand one path."""
    if Path(path).is_dir():
        return _search(path, passed_over)
    if Path(path).exists():
        return [path]
    if glob.has_magic(path):
        files = sorted(p for p in glob.iglob(path, recursive=True) if Path(p).is_file())  # noqa: PTH207 - Path.glob takes no absolute patterns
        if not files:
            raise SourceUnavailable(f"no file matches {path}")
        return files
    raise SourceUnavailable(f"{path} does not exist{_near(path)}")


def _near(path: str) -> str:
    """Say which file of the same folder is called almost like one that is not there."""
    try:
        names = sorted(entry.name for entry in itertools.islice(Path(path).parent.iterdir(), _MOST_NEIGHBOURS))
    except (OSError, ValueError):
        return ""
    nearest = difflib.get_close_matches(Path(path).name, names, n=1, cutoff=0.8)
    return f"; did you mean {Path(path).with_name(nearest[0])}?" if nearest else ""


def _search(folder: str, passed_over: dict[str, str]) -> list[str]:
    """List the files of a folder and of those below it; what cannot be looked into is noted, unless it is the top."""
    files: list[Path] = []

    def note(error: OSError) -> None:
        if error.filename == folder:
            raise error
        passed_over[str(error.filename)] = f"cannot look into this folder: {error.strerror or error}"

    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if Path(place, name).is_symlink():
                passed_over[str(Path(place, name))] = "a link to a folder, which is not followed; name it with -r"
        for name in names:
            try:
                if not name.startswith(".") and Path(place, name).is_file():
                    files.append(Path(place, name))
            except OSError as error:
                passed_over[str(Path(place, name))] = f"cannot be read: {error.strerror or error}"
    if not files:
        raise SourceUnavailable(_without_files(folder, passed_over))
    return sorted(map(str, files))


def _without_files(folder: str, passed_over: dict[str, str]) -> str:
    """Say that a folder holds nothing to read, and what was not looked into."""
    inside = [f"{path}: {why}" for path, why in passed_over.items() if Path(path).is_relative_to(folder)]
    return "; ".join([f"{folder} is a folder without a file in it: expected captures", *inside[:5]])
