"""Results of a benchmark: a CSV that grows by a line a run, and that an interrupted benchmark goes on from."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from clan.errors import DataError, SinkError

TEXT: Final = frozenset(
    (
        *("benchmark", "dataset", "condition", "site", "trained_on", "threshold_from", "features"),
        *("detector", "namer", "left_out", "family", "width", "worst_class"),
        *("auroc_by_class", "recall_by_class", "by_class", "by_capture", "classes", "notes"),
        *("finished", "clan_version", "commit", "machine", "libraries"),
    )
)
"""Fields of the benchmarks that hold text, whatever it looks like: the commit 0497251 is no number, nor is 123e456."""


class Results:
    """A results file.

    Each run is written through to the disk when it is done. A last line that was cut off, by a crash or a full disk, is
    dropped, and its run is made again. Several processes may share a file, each for other data sets or detectors, say:
    they write in turn, and nobody's lines are lost.

    Args:
        path: The file; made with the first run when it is not there. None keeps the runs in memory only.
        fields: Columns.
        key: The columns that name a run; a run whose key is there is not made again.

    Raises:
        DataError: The file has other columns, or a damaged line before its last.
        SinkError: The file cannot be read.
    """

    def __init__(self, path: str | Path | None, *, fields: Sequence[str], key: Sequence[str]) -> None:
        self.path = None if path is None else Path(path)
        self.fields, self.key = tuple(fields), tuple(key)
        self.rows: list[dict[str, str]] = []
        self._done: set[tuple[str, ...]] = set()
        self._whole = 0  # bytes of the file that are known
        if self.path is not None and self.path.exists():
            self._load(self.path)

    @property
    def place(self) -> str:
        """Where the runs are kept, in words."""
        return "memory" if self.path is None else str(self.path)

    def __contains__(self, run: Mapping[str, object]) -> bool:
        """Whether a run with this key is there."""
        return self._key_of(run) in self._done

    def append(self, run: Mapping[str, object]) -> None:
        """Add a run and write it to the disk; None is an empty field.

        Raises:
            SinkError: The file cannot be written.
        """
        row = {name: _text(run.get(name)) for name in self.fields}
        if self.path is not None:
            self._write(self.path, row)
        self.rows.append(row)
        self._done.add(self._key_of(row))

    def frame(self) -> pl.DataFrame:
        """Give all runs as a table: columns of numbers alone as float64, the others and those of `TEXT` as text."""
        frame = pl.DataFrame(self.rows, schema=dict.fromkeys(self.fields, pl.String))
        numbers = frame.select(pl.all().replace("", None).cast(pl.Float64, strict=False))
        whole = [
            name
            for name in self.fields
            if name not in TEXT
            and frame.height
            and ((frame[name] == "") | numbers[name].is_not_null()).all()
            and (frame[name] != "").any()
        ]
        return frame.with_columns(numbers.select(whole)) if whole else frame

    def _load(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SinkError(f"cannot read {path}: {error.strerror or error}") from error
        self._take(data, path)

    def _take(self, data: bytes, path: Path) -> None:
        """Take in the whole lines of what the file holds beyond those that are known."""
        lines = list(csv.reader(io.StringIO(data[: data.rfind(b"\n") + 1].decode("utf-8", errors="replace"))))
        if lines and not self._whole and tuple(lines.pop(0)) != self.fields:
            raise DataError(f"{path} holds other columns than this benchmark writes; name another file for its results")
        for number, line in enumerate(lines, start=len(self.rows) + 2):
            if len(line) != len(self.fields):
                raise DataError(
                    f"{path}, line {number}: {len(line)} fields, expected {len(self.fields)}; remove the line"
                )
            self.rows.append(dict(zip(self.fields, line, strict=True)))
            self._done.add(self._key_of(self.rows[-1]))
        self._whole += data.rfind(b"\n") + 1

    def _write(self, path: Path, row: Mapping[str, str]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.fields, lineterminator="\n")
        try:
            # never "w": between looking and opening, another process may have made the file
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file closes
                file.seek(self._whole)
                self._take(file.read(), path)  # what another process wrote in the meantime
                if not self._whole:
                    writer.writeheader()
                writer.writerow(row)
                file.truncate(self._whole)  # what a crash left behind
                file.seek(self._whole)
                file.write(text.getvalue().encode())
                file.flush()
                os.fsync(file.fileno())
                self._whole = file.tell()
        except OSError as error:
            raise SinkError(f"cannot write {path}: {error.strerror or error}") from error

    def _key_of(self, run: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(_text(run.get(name)) for name in self.key)


def _text(value: object) -> str:
    """Write a value on one line; a float with the digits that matter."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("\n", " ").replace("\r", " ")
