"""Distinct names of a parent domain: right within the sketch's error, forgotten after ten minutes, bounded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.flows.build import START_US
from tests.flows.payload.speech import flows_of, over_udp
from tests.flows.payload.test_dns import message


def counted(asked: Sequence[tuple[float, str]]) -> list[int]:
    """`dns_names_of_domain` of queries (second, name), one flow each, in their order."""
    frames = []
    for i, (second, name) in enumerate(asked):
        frames += over_udp([(0, message(name))], client=1000 + i, start=START_US + int(second * 1e6))
    flows, _ = flows_of(frames)
    return [int(n) for n in flows.sort("src_port")["dns_names_of_domain"]]


def test_distinct_names_are_counted_once() -> None:
    names = ["a.x.org", "b.x.org", "A.x.org", "c.b.x.org", "x.org", "a.y.org"]
    assert counted([(i, name) for i, name in enumerate(names)]) == [1, 2, 2, 3, 4, 1]


def test_short_suffixes_of_countries_are_no_domain() -> None:
    assert counted([(0, "www.a.co.uk"), (1, "www.b.co.uk"), (2, "mail.a.co.uk")]) == [1, 1, 2]


def test_names_are_forgotten_after_five_to_ten_minutes() -> None:
    start = 300 - START_US / 1e6 % 300  # of a window
    asked = [(start + second, name) for second, name in ((1, "a.x.org"), (299, "b.x.org"), (301, "c.x.org"))]
    assert counted([*asked, (start + 601, "c.x.org")]) == [1, 2, 3, 1]
    assert counted([(start + 1, "a.x.org"), (start + 901, "b.x.org")]) == [1, 1]


@pytest.mark.parametrize("n", [100, 1000])
def test_many_names_within_the_error(n: int) -> None:
    assert counted([(i / 100, f"{i:x}.tunnel.example") for i in range(n)])[-1] == pytest.approx(n, rel=0.1)


def test_there_is_a_most() -> None:
    assert max(counted([(i / 1000, f"{i:x}.tunnel.example") for i in range(6000)])) <= 3549
