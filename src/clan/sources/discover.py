"""From what the user typed after `-r` to the files that it means."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from clan.errors import SourceUnavailable
from clan.sources.packets import STDIN


def find_files(paths: Sequence[str]) -> list[str]:
    """Expand files, folders (searched to the bottom) and globs, in the order given, sorted within each.

    Args:
        paths: As the user gave them; `-` is standard input. Hidden files in folders are left out.

    Raises:
        SourceUnavailable: A path does not exist, a glob matches nothing, a folder holds no file, or one may not be
            looked into.
    """
    found: list[str] = []
    for path in paths:
        try:
            found += [path] if path == STDIN else _expand(path)
        except OSError as error:
            if isinstance(error, SourceUnavailable):
                raise
            raise SourceUnavailable(f"cannot read {path}: {error.strerror or error}") from error
    return list(dict.fromkeys(found))


def _expand(path: str) -> list[str]:
    """Expand one path."""
    if Path(path).is_dir():
        files = sorted(str(p) for p in Path(path).rglob("*") if p.is_file() and not _is_hidden(p, Path(path)))
        if not files:
            raise SourceUnavailable(f"{path} is a folder without a file in it: expected captures")
        return files
    if Path(path).exists():
        return [path]
    if glob.has_magic(path):
        files = sorted(p for p in glob.iglob(path, recursive=True) if Path(p).is_file())  # noqa: PTH207 - Path.glob takes no absolute patterns
        if not files:
            raise SourceUnavailable(f"no file matches {path}")
        return files
    raise SourceUnavailable(f"{path} does not exist")


def _is_hidden(path: Path, folder: Path) -> bool:
    """Tell whether a name below the folder begins with a dot."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
