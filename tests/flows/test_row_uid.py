"""Rows have the same uid in every run, and no two of them the same."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clan.flows import RowUids, row_uid

N = 1000


def rows(n: int = N, **columns: object) -> pl.DataFrame:
    """Rows of different ports, to be changed by columns."""
    made = {"src_ip": "10.0.0.1", "dst_ip": "2001:db8::1", "ts_start": 1_700_000_000_000_000, "protocol": 6} | columns
    return pl.DataFrame({"src_port": range(n)}).with_columns(**{name: pl.lit(value) for name, value in made.items()})


def uids(*parts: pl.DataFrame) -> list[str]:
    numbered = RowUids()
    return [uid for part in parts for uid in numbered.of(part)]


def test_a_uid_follows_from_the_row_alone_wherever_it_stands() -> None:
    whole = rows()
    found = uids(whole)
    assert len(set(found)) == N
    assert uids(whole[:13], whole[13:13], whole[13:]) == found
    assert uids(whole.reverse()) == found[::-1]
    for changed in ({"src_ip": "10.0.0.2"}, {"dst_ip": "::2"}, {"ts_start": 1_700_000_000_000_001}, {"protocol": None}):
        assert not set(uids(rows(**changed))) & set(found)


def test_rows_that_agree_are_numbered() -> None:
    alike = rows(1)
    found = uids(*[alike] * 50, rows(), alike)
    assert len(set(found)) == len(found) == 51 + N
    assert uids(alike, alike)[0] == uids(alike)[0]


@pytest.mark.parametrize("unknown", [{"ts_start": None}, {"src_ip": None}, {"dst_ip": "a host"}])
def test_rows_of_nobody_or_no_time_differ_by_their_place(unknown: dict[str, object]) -> None:
    some = rows(1, **unknown).with_columns(pl.col("ts_start").cast(pl.Int64), pl.col("src_ip").cast(pl.String))
    found = uids(*[some] * 5)
    assert len(set(found)) == 5
    assert uids(pl.concat([some] * 5)) == found
    assert uids(rows(1), some)[1] == found[1]


def test_what_is_remembered_is_bounded_and_recent_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_uid, "_SLOTS", 64)
    many = rows(5000)
    whole = pl.concat([many[start : start + 10] for start in range(0, 5000, 10) for _ in range(2)])
    numbered = RowUids()
    found = numbered.of(whole)
    assert found.n_unique() == 10_000  # the second time was soon enough
    assert numbered._keys.size == 128
    assert int(np.count_nonzero(numbered._keys)) <= 64
    assert found.to_list() == uids(*[whole[start : start + 7] for start in range(0, 10_000, 7)])
