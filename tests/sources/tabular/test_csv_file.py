"""Each oddity of the CSV files that people have is repaired, and what is no table is refused by name."""

from __future__ import annotations

import gzip
import math
import zipfile
from pathlib import Path

import polars as pl
import pytest

from clan.errors import SchemaError, SourceUnavailable, UnsupportedFormat
from clan.sources.tabular.csv_file import header_of, read_csv
from clan.sources.tabular.packed import files_in, plain_name


def read(data: bytes) -> pl.DataFrame:
    return read_csv(data, "some.csv", text=["Label"])


def test_mark_blanks_and_infinities() -> None:
    frame = read(b"\xef\xbb\xbf Flow , Rate,Label\r\n1,Infinity, DDoS \r\n2,NaN,\r\n-3.5,,x\r\n")
    assert frame.columns == ["Flow", "Rate", "Label"]
    assert frame["Flow"].to_list() == [1.0, 2.0, -3.5]
    assert frame["Label"].to_list() == ["DDoS", None, "x"]
    assert frame["Rate"][0] == math.inf
    assert math.isnan(frame["Rate"][1])
    assert frame["Rate"][2] is None


def test_blanks_around_numbers_and_words_for_nothing() -> None:
    frame = read(b"a,b,Label\n 1 , Infinity,-\n2,-,nan\n3,NULL,x\n")
    assert frame.rows() == [(1.0, math.inf, "-"), (2.0, None, "nan"), (3.0, None, "x")]


def test_repeated_headers_and_lines_of_commas_are_no_rows() -> None:
    frame = read(b"a,b,Label\n1,2,x\na,b,Label\n3,4,y\n,,\n,,\n\n")
    assert frame.rows() == [(1.0, 2.0, "x"), (3.0, 4.0, "y")]


def test_a_doubled_column_is_dropped_only_where_it_repeats_the_first() -> None:
    same, other = read(b"a, a,Label\n1,1,x\n,,y\n"), read(b"a,a,Label\n1,2,x\n")
    assert (same.columns, other.columns) == (["a", "Label"], ["a", "a.1", "Label"])
    assert header_of(b"a,b,a,a\r\n") == ["a", "b", "a.1", "a.2"]


def test_bytes_that_are_no_utf8_keep_their_row() -> None:
    assert read(b"a,Label\n1,Web Attack \x96 XSS\n")["Label"].to_list() == ["Web Attack \ufffd XSS"]


def test_a_header_without_rows_is_an_empty_table() -> None:
    assert read(b"a,Label\n").schema == {"a": pl.Float64, "Label": pl.String}
    assert read(b"a,Label").height == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "some.csv is not a CSV table"),
        (b"\x00\x01\x02", "some.csv is not a CSV table"),
        (b"a,b,Label\n1,tcp,x\n2,udp,y\n", r"some.csv has 'tcp' in the column 'b'.*\(2 such rows\)"),
        (b"a,b,Label\n1,2,x,5,6\n", "is not a CSV table"),
    ],
)
def test_what_is_no_table_is_named(data: bytes, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        read(data)


def test_files_are_found_in_folders_and_archives_and_unpacked(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").write_text("no")
    (tmp_path / "b.csv").write_bytes(b"plain")
    (tmp_path / "sub" / "c.csv.gz").write_bytes(gzip.compress(b"packed"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/1.csv", "one")
        archive.writestr("__MACOSX/x/1.csv", "no")
        archive.writestr("x/2.csv.gz", gzip.compress(b"two"))
    found = {plain_name(name): read() for name, read in files_in(tmp_path)}
    assert found == {"1.csv": b"one", "2.csv": b"two", "b.csv": b"plain", "c.csv": b"packed"}


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"nothing.csv cannot be read"):
        [read() for _, read in files_in(tmp_path / "nothing.csv")]
    with pytest.raises(SourceUnavailable, match="folder without a file"):
        list(files_in(tmp_path))
    (tmp_path / "a.zip").write_text("no archive")
    with pytest.raises(UnsupportedFormat, match="no zip file"):
        list(files_in(tmp_path / "a.zip"))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x" * 10_000)[:30])
    with pytest.raises(UnsupportedFormat, match="damaged, or cut off"):
        [read() for _, read in files_in(tmp_path / "a.csv.gz")]
