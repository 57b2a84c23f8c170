"""Checks on paths that are better made before the work than after it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from clan.errors import ConfigError, SinkError
from clan.tables import STDOUT, check_continued


def check_output(path: str, *, inputs: Sequence[str]) -> None:
    """Raise when a file cannot be written, or would overwrite what is to be read.

    Raises:
        ConfigError: The output is one of the inputs, or a folder.
        SinkError: The folder of the output is not there, or may not be written to.
    """
    target = Path(path)
    if any(Path(i).exists() and target.exists() and target.samefile(i) for i in inputs):
        raise ConfigError(f"{path} is an input as well as the output; name another file")
    if target.is_dir():
        raise ConfigError(f"{path} is a folder; name a file")
    if not target.parent.is_dir():
        raise SinkError(f"cannot write {path}: there is no folder {target.parent}")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise SinkError(f"cannot write {path}: no permission")


@contextmanager
def written(path: str) -> Iterator[None]:
    """Say it in words where a file cannot be written.

    Raises:
        SinkError: A file in this block could not be written, such as for want of room.
    """
    try:
        yield
    except OSError as error:
        where = "" if error.filename in (None, path) else f" ({error.filename})"
        raise SinkError(
            f"cannot write {path}: {error.strerror or error}{where}; what was there before stays. Make room or name "
            "another place, and run this again"
        ) from error


def check_outputs(paths: Mapping[str, str | None], *, inputs: Sequence[str], append: bool = False) -> None:
    """Raise when one of several files cannot be written, or two of them are the same; `-` and None are passed over.

    Args:
        paths: What each option names.
        inputs: What is to be read.
        append: Whether what is there is continued.

    Raises:
        ConfigError: Two options name one file, one is a table that cannot be continued, or see `check_output`.
        SinkError: See `check_output`.
    """
    named = dict[Path, str]()
    for option, path in paths.items():
        if path is None or path == STDOUT:
            continue
        check_output(path, inputs=inputs)
        if append:
            check_continued(path)
        target = Path(path).resolve()
        if target in named and (target.is_file() or not target.exists()):  # two may share a device such as /dev/null
            raise ConfigError(f"{named[target]} and {option} both name {path}; each needs a file of its own")
        named[target] = option
