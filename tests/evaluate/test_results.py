"""A results file survives what happens to files, and never loses or repeats a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from clan.errors import DataError, SinkError
from clan.evaluate.benchmarks import BENCHMARKS, benchmark
from clan.evaluate.results import TEXT, Results

FIELDS, KEY = ("name", "seed", "value", "note"), ("name", "seed")


def opened(path: Path | None) -> Results:
    return Results(path, fields=FIELDS, key=KEY)


def test_runs_are_on_the_disk_when_they_are_done_and_known_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    first = opened(path)
    assert {"name": "a", "seed": 0} not in first
    first.append({"name": "a", "seed": 0, "value": 0.125, "note": 'say "hm",\nplease'})
    again = opened(path)
    assert {"name": "a", "seed": 0} in again
    assert {"name": "a", "seed": 1} not in again
    assert again.rows == first.rows == [{"name": "a", "seed": "0", "value": "0.125", "note": 'say "hm", please'}]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_last_line_that_was_cut_off_is_made_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "runs.csv"
    results = opened(path)
    for seed in range(3):
        results.append({"name": "a", "seed": seed, "value": 0.5})
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    again = opened(path)
    lost = [seed for seed in range(3) if {"name": "a", "seed": seed} not in again]
    assert lost == ([2] if cut <= len(whole.splitlines()[-1]) + 1 else [1, 2])
    for seed in lost:
        again.append({"name": "a", "seed": seed, "value": 0.5})
    assert path.read_bytes() == whole


def test_a_header_that_was_cut_off_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("name,se")
    opened(path).append({"name": "a", "seed": 0})
    assert path.read_text() == "name,seed,value,note\na,0,,\n"


def test_two_processes_may_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    one, other = opened(path), opened(path)
    one.append({"name": "a", "seed": 0})
    other.append({"name": "b", "seed": 0})
    one.append({"name": "a", "seed": 1})
    assert path.read_text() == "name,seed,value,note\na,0,,\nb,0,,\na,1,,\n"
    assert {"name": "b", "seed": 0} in one
    assert one.rows == opened(path).rows


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="holds other columns"):
        opened(path)
    path.write_text("name,seed,value,note\na,0\nb,1,2,3\n")
    with pytest.raises(DataError, match="line 2: 2 fields, expected 4"):
        opened(path)
    with pytest.raises(SinkError, match="cannot read"):
        opened(tmp_path)
    with pytest.raises(SinkError, match="cannot write"):
        opened(tmp_path / "none" / "runs.csv").append({"name": "a", "seed": 0})


def test_numbers_become_numbers_and_the_rest_stays_text() -> None:
    results = opened(None)
    assert results.frame().height == 0
    results.append({"name": "a", "seed": 0, "value": 0.5, "note": "x"})
    results.append({"name": "b", "seed": 1, "value": None, "note": "7"})
    frame = results.frame()
    assert frame["value"].to_list() == [0.5, None]
    assert frame["note"].to_list() == ["x", "7"]
    assert frame["seed"].to_list() == [0.0, 1.0]


@pytest.mark.parametrize("commit", ["0497251", "123e456", "12345678"])
def test_text_stays_text_where_it_looks_like_a_number(commit: str) -> None:
    p1 = benchmark("p1")
    results = Results(None, fields=p1.fields, key=p1.key)
    results.append({"seed": 0, "macro_auroc": 0.5, "commit": commit, "condition": "7"})
    (row,) = results.frame().rows(named=True)
    assert (row["commit"], row["condition"], row["macro_auroc"]) == (commit, "7", 0.5)


def test_every_text_field_is_one_of_a_benchmark() -> None:
    assert {name for each in BENCHMARKS.values() for name in each.fields} >= TEXT
