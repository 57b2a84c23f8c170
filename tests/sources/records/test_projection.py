"""Lines of JSON are read by the keys of interest as polars reads them whole, or are left to it; nothing in between."""

from __future__ import annotations

import io
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
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
]
UNUSUAL = [
    '{"uid":"a\\u0041"}',
    '{"uid":""}',
    '{"uid":"a","uid":"b"}',
    '{"u\\u0069d":"a"}',
    '{"n":1.5}',
    '{"n":"1"}',
    '{"real":1e3}',
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


def general(piece: bytes) -> pl.DataFrame:
    return pl.read_ndjson(io.BytesIO(piece), schema=SCHEMA)


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """An object that is null and one whose values are all null tell the same."""
    return frame.unnest("flow", separator=".")


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_is_read_as_polars_reads_it(line: str) -> None:
    piece = f"\n{line}\n\n {LINE}\n{line}".encode()
    found = projection().read(piece)
    assert found is not None
    assert_frame_equal(flat(found), flat(general(piece)))


@pytest.mark.parametrize("line", [*UNUSUAL, *BROKEN])
def test_what_is_unusual_or_broken_is_left_to_the_general_way(line: str) -> None:
    assert projection().read(f"{LINE}\n{line}\n".encode()) is None
    assert projection().read(f"{line}\n{LINE}\n".encode()) is None


def test_text_that_is_no_utf8_is_left_to_the_general_way() -> None:
    assert projection().read(b'{"other":"\xff"}\n') is None


def test_every_beginning_of_a_line_is_no_line() -> None:
    for end in range(1, len(LINE)):
        assert projection().read(LINE[:end].encode()) is None, LINE[:end]


def test_no_lines_are_no_rows() -> None:
    for nothing in (b"", b"\n", b" \r\n\t\n"):
        found = projection().read(nothing)
        assert found is not None
        assert (found.height, found.schema) == (0, pl.Schema(SCHEMA))


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


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first texts are slow to draw
@given(st.lists(_lines, max_size=6), st.sampled_from([(",", ":"), (", ", ": ")]), st.booleans())
def test_what_is_read_is_what_polars_reads(lines: list[Any], separators: tuple[str, str], ascii_only: bool) -> None:
    piece = "".join(json.dumps(x, separators=separators, ensure_ascii=ascii_only) + "\n" for x in lines).encode()
    found = projection().read(piece)
    if found is not None and lines:
        assert_frame_equal(flat(found), flat(general(piece)))


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, len(LINE)), st.integers(0, 8))
def test_bytes_in_the_middle_never_make_a_line_of_what_is_none(noise: bytes, at: int, left_out: int) -> None:
    piece = LINE.encode()[:at] + noise + LINE.encode()[at + left_out :]
    if projection().read(piece) is not None:
        lines = [line for line in piece.split(b"\n") if line.strip(b" \t\r")]
        assert all(isinstance(json.loads(line), dict) for line in lines)
