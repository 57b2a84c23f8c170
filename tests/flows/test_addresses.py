"""Addresses as text: what is one and what is none agrees with the standard library; IDs with the specification."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clan.flows import describe_endpoints

VECTORS = [
    ("1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "128.232.110.120", 34855, "66.35.250.204", 80, 6),
    ("1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "192.168.1.52", 54585, "8.8.8.8", 53, 17),
    ("1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "192.168.0.89", 8, "192.168.0.1", 0, 1),
    ("1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "fe80::200:86ff:fe05:80da", 135, "fe80::260:97ff:fe07:69ea", 136, 58),
    (
        "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        "2001:470:e5bf:dead:4957:2174:e82c:4887",
        63943,
        "2607:f8b0:400c:c03::1a",
        25,
        6,
    ),
    ("1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "10.1.12.1", None, "10.1.12.2", None, 46),
]  # https://github.com/corelight/community-id-spec, baseline_deflt.json


def table(rows: list[tuple[str | None, int | None, str | None, int | None, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema=["src_ip", "src_port", "dst_ip", "dst_port", "protocol"],
        schema_overrides={"src_ip": pl.String(), "dst_ip": pl.String(), "src_port": pl.Int64(), "dst_port": pl.Int64()},
        orient="row",
    )


def test_community_ids_are_those_of_the_specification_in_both_directions() -> None:
    forward = describe_endpoints(table([row[1:] for row in VECTORS]))
    backward = describe_endpoints(table([(d, dp, s, sp, p) for _, s, sp, d, dp, p in VECTORS]))
    assert forward["community_id"].to_list() == [row[0] for row in VECTORS]
    assert backward["community_id"].to_list() == [row[0] for row in VECTORS]


def canonical(text: str) -> str | None:
    """What the standard library makes of an address; a zone is no part of one here."""
    try:
        return None if "%" in text else str(ipaddress.ip_address(text))
    except ValueError:
        return None


texts = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda a: a.exploded),
    st.text("0123456789abcfF:.%", max_size=42),
    st.lists(st.text("0123456789abcdef", max_size=5), max_size=10).map(":".join),
)


@given(texts)
@example("::")
@example("1::")
@example("1::2:3:4:5:6:7:8")
@example("1:2:3:4:5:6:7::")
@example("::ffff:1.2.3.4")
@example("1:2:3:4:5:6:7:1.2.3.4")
@example("::1.2.3")
@example(":::")
@example("256.1.1.1")
@settings(max_examples=300)
def test_what_is_an_address(text: str) -> None:
    # leading zeros of a decimal are read as decimal by some and as octal by others; here they are read as they stand
    plain = (
        ".".join(str(int(p)) if p.isdigit() and len(p) < 4 and p.isascii() else p for p in text.split("."))
        if ":" not in text
        else text
    )
    expected = canonical(plain)
    found = describe_endpoints(table([(text, 1, text, 2, 6)])).row(0)
    assert found[1:] == (expected, expected)
    assert (found[0] is None) == (expected is None)


@pytest.mark.parametrize(("src", "dst"), [("192.0.2.1", "::1"), (None, "192.0.2.1"), ("", "192.0.2.1")])
def test_two_ends_that_cannot_meet(src: str | None, dst: str) -> None:
    assert describe_endpoints(table([(src, 1, dst, 2, 6)])).row(0) == (None, None, None)


def test_nothing() -> None:
    assert describe_endpoints(table([])).shape == (0, 3)
