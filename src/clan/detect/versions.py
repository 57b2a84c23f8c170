"""Earlier versions of a model, kept beside it, and the way back to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clan.errors import ConfigError, ModelFileError
from clan.files import write_whole

KEPT = 5
"""Versions kept unless asked otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """An earlier version of a model.

    Attributes:
        number: Counts from 1; a later one replaced an earlier one.
        path: Its file.
    """

    number: int
    path: Path


def folder_of(model: str | Path) -> Path:
    """Where the earlier versions of a model are: the folder `MODEL.versions` beside it."""
    path = Path(model)
    return path.with_name(path.name + ".versions")


def versions_of(model: str | Path) -> list[Version]:
    """List the earlier versions of a model, the oldest first."""
    files = folder_of(model).glob("[0-9]*.clan") if folder_of(model).is_dir() else ()
    return sorted((Version(number=int(f.stem), path=f) for f in files if f.stem.isdigit()), key=lambda v: v.number)


def replace_model(model: str | Path, save: Callable[[Path], None], *, keep: int = KEPT) -> Version | None:
    """Write a new version of a model, and keep the one that it replaces.

    At every moment the model's file is the old version or the new one, whole.

    Args:
        model: The model's file; need not exist.
        save: Writes the new version to a path, whole or not at all.
        keep: Earlier versions to keep, >= 0, this one included; the oldest go.

    Returns:
        The version that was kept; None where there was none, or none is kept.

    Raises:
        ConfigError: `keep` is below 0.
        OSError: A file cannot be written.
    """
    if keep < 0:
        raise ConfigError(f"keep must be at least 0, got {keep}")
    kept = _keep(Path(model)) if keep and Path(model).exists() else None
    save(Path(model))
    for old in versions_of(model)[: -keep or None]:
        old.path.unlink()
    return kept


def roll_back(model: str | Path, number: int | None = None) -> Version:
    """Put an earlier version in the place of a model; the model itself becomes the latest version.

    Args:
        model: The model's file.
        number: Of the version; None: the latest.

    Raises:
        ModelFileError: There is no such version.
        OSError: A file cannot be written.
    """
    there = versions_of(model)
    found = next((v for v in reversed(there) if number is None or v.number == number), None)
    if found is None:
        numbers = ", ".join(str(v.number) for v in there) or "none"
        wanted = "earlier version" if number is None else f"version {number}"
        raise ModelFileError(f"{model} has no {wanted} in {folder_of(model)}; there are: {numbers}")
    data = found.path.read_bytes()
    kept = _keep(Path(model)) if Path(model).exists() else None
    try:
        write_whole(model, data)
    except OSError:
        if kept is not None:
            kept.path.unlink()
        raise
    found.path.unlink()
    return found


def _keep(model: Path) -> Version:
    folder = folder_of(model)
    folder.mkdir(exist_ok=True)
    number = max((v.number for v in versions_of(model)), default=0) + 1
    target = folder / f"{number:04d}.clan"
    write_whole(target, model.read_bytes())
    return Version(number=number, path=target)
