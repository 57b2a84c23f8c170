"""Tables are written batch by batch, Parquet whole or not at all, and do not depend on how the batches were cut."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clan.errors import ConfigError, SinkError
from clan.tables import TableWriter

TABLE = pl.DataFrame({"n": range(1000), "text": [f"row {i}, quoted" for i in range(1000)]})
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "parquet": pl.read_parquet,
    "csv": pl.read_csv,
    "ndjson": pl.read_ndjson,
}


@pytest.mark.parametrize("suffix", READERS)
def test_what_was_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table.{suffix}"
    with TableWriter(path) as table:
        for start in range(0, TABLE.height, 300):
            table.write(TABLE.slice(start, 300))
    assert_frame_equal(READERS[suffix](path), TABLE)
    assert table.rows == TABLE.height
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", READERS)
def test_bytes_do_not_depend_on_the_batches(tmp_path: Path, suffix: str) -> None:
    contents = set()
    for step in (1000, 333, 70):
        path = tmp_path / f"table{step}.{suffix}"
        with TableWriter(path) as table:
            for start in range(0, TABLE.height, step):
                table.write(TABLE.slice(start, step))
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_an_error_leaves_no_parquet_behind(tmp_path: Path) -> None:
    def fail() -> None:
        with TableWriter(tmp_path / "table.parquet") as table:
            table.write(TABLE)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_an_error_leaves_the_rows_of_text_that_were_written(tmp_path: Path, suffix: str) -> None:
    def fail() -> None:
        with TableWriter(tmp_path / f"table.{suffix}") as table:
            table.write(TABLE)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert_frame_equal(READERS[suffix](tmp_path / f"table.{suffix}"), TABLE)


def test_an_error_leaves_the_parquet_of_before(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    TABLE.write_parquet(path)

    def fail() -> None:
        with TableWriter(path) as table:
            table.write(TABLE.head(3))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert_frame_equal(pl.read_parquet(path), TABLE)


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_text_is_continued_where_that_is_asked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table.{suffix}"
    for start in range(0, TABLE.height, 500):
        with TableWriter(path, append=True) as table:
            table.write(TABLE.slice(start, 300))
            table.write(TABLE.slice(start + 300, 200))
    assert_frame_equal(READERS[suffix](path), TABLE)
    path.write_bytes(path.read_bytes() + b"cut sh")
    with TableWriter(path, append=True) as table:
        table.write(TABLE)
    assert path.read_bytes().count(b"\ncut sh\n") == 1


def test_a_table_with_other_columns_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("other,columns\n1,2\n")
    with pytest.raises(SinkError, match="has other columns"), TableWriter(path, append=True) as table:
        table.write(TABLE)
    assert path.read_text() == "other,columns\n1,2\n"


def test_parquet_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    with TableWriter(path, append=True) as table:  # there is none yet
        table.write(TABLE)
    with pytest.raises(ConfigError, match="is there already"):
        TableWriter(path, append=True)
    assert_frame_equal(pl.read_parquet(path), TABLE)


def test_a_table_goes_where_a_link_points(tmp_path: Path) -> None:
    (tmp_path / "link.parquet").symlink_to(tmp_path / "real.parquet")
    with TableWriter(tmp_path / "link.parquet") as table:
        table.write(TABLE)
    assert (tmp_path / "link.parquet").is_symlink()
    assert_frame_equal(pl.read_parquet(tmp_path / "real.parquet"), TABLE)


def test_parquet_that_cannot_be_put_together_leaves_the_one_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.parquet"
    TABLE.write_parquet(path)

    def full(_: pl.LazyFrame, place: str, **__: object) -> None:
        Path(place).write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", full)
    with pytest.raises(SinkError, match="No space left"), TableWriter(path) as table:
        table.write(TABLE.head(3))
    assert_frame_equal(pl.read_parquet(path), TABLE)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_disk_that_is_full_before_the_parquet_is_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polars tells it as an error of its own."""

    def full(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError("underlying IO error: No space left on device (os error 28)")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(SinkError, match="No space left"), TableWriter(tmp_path / "table.parquet") as table:
        table.write(TABLE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", READERS)
def test_without_batches_there_is_an_empty_file(tmp_path: Path, suffix: str) -> None:
    with TableWriter(tmp_path / f"table.{suffix}"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [f"table.{suffix}"]
    if suffix == "parquet":
        assert pl.read_parquet(tmp_path / "table.parquet").shape == (0, 0)


def test_folders_with_brackets_are_folders(tmp_path: Path) -> None:
    folder = tmp_path / "run[1]*"
    folder.mkdir()
    with TableWriter(folder / "x.parquet") as table:
        for start in range(0, TABLE.height, 300):
            table.write(TABLE.slice(start, 300))
    assert_frame_equal(pl.read_parquet(folder / "x.parquet", glob=False), TABLE)


def test_a_disk_that_is_full_at_the_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "full.csv"
    path.symlink_to("/dev/full")

    def fill(*, fail: bool = False) -> None:
        with TableWriter(path) as table:
            table.write(TABLE.head(2))  # fits into the buffer
            if fail:
                raise RuntimeError("in the middle")

    with pytest.raises(SinkError, match=r"cannot write .*full.csv: No space left"):
        fill()
    with pytest.raises(RuntimeError, match="in the middle"):
        fill(fail=True)


def test_parquet_says_at_once_that_it_needs_a_name_in_utf8(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names in UTF-8 only"):
        TableWriter(tmp_path / "caf\udce9.parquet")


def test_dash_is_csv_on_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with TableWriter("-") as table:
        table.write(TABLE.head(2))
    assert capfdbinary.readouterr().out == b'n,text\n0,"row 0, quoted"\n1,"row 1, quoted"\n'


def test_unknown_suffix_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.parquet, \.csv or \.ndjson"):
        TableWriter(tmp_path / "table.xlsx")


@pytest.mark.parametrize("suffix", READERS)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(SinkError, match=r"cannot write .*nowhere"):
        TableWriter(tmp_path / "nowhere" / f"table.{suffix}")
