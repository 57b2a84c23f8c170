"""Lines of JSON become rows in their order; a bad one costs one line, wherever it stands."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from clan.sources.records import parse_ndjson

NUMBERS: dict[str, Any] = {"ts": pl.Float64(), "n": pl.Int64(), "name": pl.String()}
GOOD = [f'{{"ts":{i}.5,"n":{i},"name":"x{i}"}}' for i in range(30)]
ODD = '{"ts":7.5,"n":-7,"name":"a\\u0041"}'
EMPTY = '{"ts":8.5,"n":-8,"name":""}'
BAD = ("nothing", '{"ts":1', '{"n":{"a":1}}', "[]", "7", '{"ts":1.5}}', "[" * 11_000)


def piece(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


@pytest.mark.parametrize("keep", [None, "line"])
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("at", [0, 11, 30])
def test_a_bad_line_costs_one_line(bad: str, at: int, keep: str | None) -> None:
    lines = [*GOOD[:at], bad, *GOOD[at:]]
    parsed = parse_ndjson(piece(lines), NUMBERS, keep=keep)
    assert parsed.frame["n"].to_list() == list(range(30))
    assert parsed.counts["malformed_records"] == len(parsed.bad) == 1
    assert parsed.bad[0].text == bad[:200]
    if keep:
        assert parsed.frame[keep].to_list() == GOOD


def test_lines_out_of_the_ordinary_keep_their_places() -> None:
    lines = [ODD, *GOOD[:10], BAD[0], EMPTY, *GOOD[10:], BAD[1], ODD]
    parsed = parse_ndjson(piece(lines), NUMBERS)
    assert parsed.frame["n"].to_list() == [-7, *range(10), -8, *range(10, 30), -7]
    assert parsed.frame["name"].to_list()[::12] == ["aA", "x10", "x22"]
    assert parsed.frame["name"][11] == ""
    assert parsed.counts["malformed_records"] == 2


def test_where_most_lines_are_odd_all_are_read() -> None:
    parsed = parse_ndjson(piece([ODD, BAD[0]] * 40), NUMBERS)
    assert parsed.frame.height == 40
    assert parsed.counts["malformed_records"] == 40
