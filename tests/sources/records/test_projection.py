"""Lines of JSON are read by the keys of interest as polars reads them whole, or are left to it; nothing in between."""

from __future__ import annotations

import io
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from clan.sources.records.projection import Projection

SCHEMA: dict[str, Any] = {
    "uid": pl.String(),
    "n": pl.Int64(),
    "id": pl.UInt64(),
    "real": pl.Float64(),
    "yes": pl.Boolean(),
    "vlan": pl.List(pl.Int64()),
    "flow": pl.Struct({"n": pl.Int64(), "start": pl.String(), "yes": pl.Boolean()}),
}
LINE = '{"uid":"C1","n":-3,"id":9223372036854775809,"real":0.25,"yes":true,"vlan":[1,20],"flow":{"n":4,"start":"x"}}'
PLAIN = [
    LINE,
    '{ "uid" : "C1" ,\t"other" : [ 1 , { "uid" : [ ] } , "a\\u00e9\\"" ] , "n" : 0 }\r',
    "{}",
    '{"flow":null,"vlan":null,"uid":null,"n":null}',
    '{"flow":{},"deep":{"flow":{"n":7}},"list":[],"none":{}}',
    '{"flow":{"n":1,"n2":{"yes":[true,false,null,-0.5]}},"uid":"日本"}',
    '{"real":7,"yes":false}',
    '{"real":9.5367431640625e-7,"n":-9223372036854775807}',
    '{"real":-1E+3,"other":1e22}',
    '{"real":0.0039129257202148438}',
]
UNUSUAL = [
    '{"uid":"a\\u0041"}',
    '{"uid":""}',
    '{"uid":"a","uid":"b"}',
    '{"u\\u0069d":"a"}',
    '{"n":1.5}',
    '{"n":"1"}',
    '{"real":1e999}',
    '{"n":1e3}',
    '{"id":-1}',
    '{"n":9223372036854775808}',
    '{"flow":[1]}',
    '{"flow":"x"}',
    '{"vlan":["1"]}',
    '{"yes":1}',
    '{"n":99999999999999999999}',
    '{"other":"\\ud800"}',
    "[" * 100,
]
BROKEN = [
    '{"uid":"a"',
    '{"uid":"a",}',
    '{"uid" "a"}',
    '{"uid":"a"} x',
    '{"uid":"a"}{"uid":"b"}',
    '{"a":[1,]}',
    '{"a":[1 2]}',
    '{"a":[1}',
    '{"a":{"b":1]}',
    '{"a":01}',
    '{"a":-}',
    '{"a":1.}',
    '{"a":truth}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    "{,}",
    "{1:2}",
    '{"a":}',
    '["uid"]',
    "7",
    '{"a":"',
    "{",
    '{"a"',
    '{"a":',
]


def projection() -> Projection:
    made = Projection.of(SCHEMA)
    assert made is not None
    return made


def read(piece: bytes) -> tuple[pl.DataFrame, list[tuple[int, bytes]]]:
    found = projection().read(piece)
    assert found is not None
    return found


def general(piece: bytes) -> pl.DataFrame:
    return pl.read_ndjson(io.BytesIO(piece), schema=SCHEMA)


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """An object that is null and one whose values are all null tell the same."""
    return frame.unnest("flow", separator=".")


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_is_read_as_polars_reads_it(line: str) -> None:
    piece = f"\n{line}\n\n {LINE}\n{line}".encode()
    found, odd = read(piece)
    assert not odd
    assert_frame_equal(flat(found), flat(general(piece)))


@pytest.mark.parametrize("line", [*UNUSUAL, *BROKEN])
def test_what_is_unusual_or_broken_is_left_to_the_general_way(line: str) -> None:
    for at in range(3):
        lines = [LINE, LINE]
        lines.insert(at, line)
        found, odd = read("\n\n".join(lines).encode())
        assert odd == [(at, line.encode())]
        assert_frame_equal(flat(found), flat(general(f"{LINE}\n{LINE}".encode())))


def test_where_many_lines_are_unusual_all_are_left_to_the_general_way() -> None:
    assert projection().read(f"{LINE}\n{UNUSUAL[0]}\n".encode() * 20) is None


def test_text_that_is_no_utf8_is_left_to_the_general_way() -> None:
    assert projection().read(b'{"other":"\xff"}\n') is None


def test_every_beginning_of_a_line_is_no_line() -> None:
    for end in range(1, len(LINE)):
        assert read(LINE[:end].encode())[1] == [(0, LINE[:end].encode())]


def test_no_lines_are_no_rows() -> None:
    for nothing in (b"", b"\n", b" \r\n\t\n"):
        found, odd = read(nothing)
        assert not odd
        assert (found.height, found.schema) == (0, pl.Schema(SCHEMA))


def test_a_value_that_comes_late_is_taken_and_kept_apart() -> None:
    """What a line before had in the same place, or as the same value, says nothing of this one."""
    lines = [
        '{"uid":"a"}',
        '{"uid":"b","real":1.5}',
        '{"uix":"c","flow":{"start":"x"}}',
        '{"n":1,"uid":"d"}',
        '{"flow":{"n":2},"uid":"e"}',
        '{"deep":{"n":3},"yes":true}',
        '{"n":null,"yes":false,"id":7}',
    ]
    for order in (lines, lines[::-1], [*lines, *lines]):
        piece = "\n".join(order).encode()
        found, odd = read(piece)
        assert not odd
        assert_frame_equal(flat(found), flat(general(piece)))


def test_a_schema_with_other_types_is_left_to_the_general_way() -> None:
    assert Projection.of({"answers": pl.List(pl.String())}) is None
    assert Projection.of({"a": pl.Struct({"b": pl.Struct({"c": pl.Int64()})})}) is None


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(-1e6, 1e6) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_lines = st.fixed_dictionaries(
    {},
    optional={
        "uid": st.none() | st.text(max_size=8),
        "n": st.none() | st.integers(-(2**62), 2**62),
        "real": st.none() | st.floats(-1e9, 1e9) | st.integers(-1000, 1000),
        "yes": st.none() | st.booleans(),
        "vlan": st.none() | st.lists(st.integers(0, 4095), max_size=3),
        "flow": st.none() | st.fixed_dictionaries({}, optional={"n": st.integers(0, 9), "more": _values}),
        "more": _values,
    },
)


@given(st.lists(_lines, max_size=6), st.sampled_from([(",", ":"), (", ", ": ")]), st.booleans())
def test_what_is_read_is_what_polars_reads(lines: list[Any], separators: tuple[str, str], ascii_only: bool) -> None:
    piece = "".join(json.dumps(x, separators=separators, ensure_ascii=ascii_only) + "\n" for x in lines).encode()
    found = projection().read(piece)
    if found is not None:
        rows, odd = found
        assert rows.height + len(odd) == len(lines)
        left = {place for place, _ in odd}
        plain = [line for i, line in enumerate(piece.splitlines()) if i not in left]
        if plain:
            assert_frame_equal(flat(rows), flat(general(b"\n".join(plain))))


@given(st.binary(max_size=40), st.integers(0, len(LINE)), st.integers(0, 8))
def test_bytes_in_the_middle_never_make_a_line_of_what_is_none(noise: bytes, at: int, left_out: int) -> None:
    piece = LINE.encode()[:at] + noise + LINE.encode()[at + left_out :]
    found = projection().read(piece)
    if found is not None:
        lines = [line for line in piece.split(b"\n") if line.strip(b" \t\r")]
        left = {place for place, _ in found[1]}
        assert len(lines) == found[0].height + len(left)
        assert all(isinstance(json.loads(line), dict) for i, line in enumerate(lines) if i not in left)
