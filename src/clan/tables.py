"""Writing a table batch by batch: Parquet, CSV or NDJSON, with memory for one batch."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import polars as pl

from clan.errors import ConfigError, SinkError
from clan.files import first_line, open_lines

STDOUT: Final = "-"
ROW_GROUP: Final = 1 << 17
"""Rows of a Parquet row group; fixed, so that the file does not depend on how the batches were cut."""


class TableWriter:
    """Collects batches into one file; the suffix decides the format, `-` is CSV on standard output.

    Parquet has its index at the end, so batches wait in a temporary folder beside the target and the file appears
    whole, on `close`; when the block ends with an error there is none, and one of before stays as it was. Of text the
    rows that were written until then stay: they are of use by themselves, and a live run may have taken days for them.
    Without batches the file is there, too, and empty.

    Args:
        path: A path ending in `.parquet`, `.csv` or `.ndjson`, or `-`.
        append: Whether text that is there is continued rather than replaced.

    Attributes:
        metadata: What Parquet keeps beside the rows, by key; it may be set until `close`.

    Raises:
        ConfigError: Another suffix, a name for Parquet that is no UTF-8, or Parquet that would have to be continued.
        SinkError: The place cannot be written to.
    """

    def __init__(self, path: str | Path, *, append: bool = False) -> None:
        self.path = str(path)
        self.rows, self._append = 0, append
        self.metadata: dict[str, str] = {}
        self._format = "csv" if self.path == STDOUT else Path(self.path).suffix.lstrip(".").lower()
        if self._format not in ("parquet", "csv", "ndjson"):
            raise ConfigError(f"{self.path}: expected a name that ends in .parquet, .csv or .ndjson, or - for stdout")
        if self._format == "parquet" and not _is_utf8(self.path):
            raise ConfigError(f"{self.path}: Parquet is written to names in UTF-8 only; name another file")
        if append:
            check_continued(self.path)
        self._header = b""
        self._parts: tempfile.TemporaryDirectory[str] | None = None
        self._file: IO[bytes] | None = None
        try:
            if self._format == "parquet":
                self._parts = tempfile.TemporaryDirectory(prefix=".clan-", dir=Path(os.path.realpath(self.path)).parent)
            else:
                self._file = sys.stdout.buffer if self.path == STDOUT else self._open()
        except OSError as error:
            raise SinkError(f"cannot write {self.path}: {error.strerror or error}") from error
        self._n_parts = 0

    def _open(self) -> IO[bytes]:
        self._header = first_line(self.path) if self._append and self._format == "csv" else b""
        return open_lines(self.path, append=self._append)

    def write(self, batch: pl.DataFrame) -> None:
        """Add rows; every batch must have the same columns."""
        try:
            if self._parts is not None:
                batch.write_parquet(Path(self._parts.name, f"{self._n_parts:08}.parquet"), compression="lz4")
            elif self._file is not None:
                # Through Python's own file: polars reports a reader that has left like any other failure.
                header = self._n_parts == 0 and not self._is_headed(batch)
                text = batch.write_csv(include_header=header) if self._format == "csv" else batch.write_ndjson()
                self._file.write(text.encode())
                if self.path == STDOUT:
                    self._file.flush()  # whoever follows a live run wants rows when they come
        except BrokenPipeError:
            raise
        except (OSError, pl.exceptions.PolarsError) as error:
            raise SinkError(f"cannot write {self.path}: {getattr(error, 'strerror', None) or error}") from error
        self._n_parts += 1
        self.rows += batch.height

    def _is_headed(self, batch: pl.DataFrame) -> bool:
        """Whether the columns are named in what is continued; raises SinkError where others are."""
        ours = batch.head(0).write_csv().encode()
        if self._header and self._header.rstrip(b"\r\n") != ours.rstrip(b"\r\n"):
            raise SinkError(f"{self.path} cannot be continued: it has other columns; name another file")
        return bool(self._header)

    def close(self) -> None:
        """Finish the file; safe to call twice.

        Raises:
            SinkError: What is left cannot be written.
        """
        try:
            if self._parts is not None:
                parts = [Path(self._parts.name, f"{number:08}.parquet") for number in range(self._n_parts)]
                rows = pl.scan_parquet(parts, glob=False) if parts else pl.LazyFrame()
                whole = str(Path(self._parts.name, "whole.parquet"))
                target = os.path.realpath(self.path)
                # a device, such as /dev/null, is written to and not replaced
                place = whole if Path(target).is_file() or not Path(target).exists() else target
                rows.sink_parquet(
                    place,
                    compression="zstd",
                    row_group_size=ROW_GROUP,
                    maintain_order=True,
                    metadata=self.metadata or None,
                )
                if place == whole:
                    Path(whole).replace(target)
            elif self._file is not None:
                self._file.flush()
        except BrokenPipeError:
            raise
        except (OSError, pl.exceptions.PolarsError) as error:
            raise SinkError(f"cannot write {self.path}: {getattr(error, 'strerror', None) or error}") from error
        finally:
            self._abandon()

    def _abandon(self) -> None:
        """Release what is open; what could not be written was told already."""
        if self._parts is not None:
            self._parts.cleanup()
            self._parts = None
        if self._file is not None and self.path != STDOUT:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._abandon()


def check_continued(path: str | Path) -> None:
    """Raise ConfigError where a table is there already that no rows can be added to."""
    if Path(path).suffix.lower() == ".parquet" and Path(path).is_file():
        raise ConfigError(
            f"{path} is there already, and a run that goes on until it is ended continues its files, which Parquet "
            "cannot be: name another file, or one that ends in .csv or .ndjson"
        )


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
