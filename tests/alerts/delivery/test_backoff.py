"""Pauses between tries grow, stay below their cap, and differ."""

from __future__ import annotations

import random

from clan.alerts.delivery import Backoff


def test_waits_grow_to_the_cap_and_start_over() -> None:
    backoff = Backoff(0.5, 60, random_state=random.Random(0))
    waits = [backoff.wait_s() for _ in range(100)]
    for i, wait in enumerate(waits):
        upper = min(60, 0.5 * 2**i)
        assert 0.1 * upper <= wait <= upper
    assert max(waits) > 50
    assert len(set(waits)) == 100
    backoff.succeeded()
    assert backoff.wait_s() <= 0.5


def test_a_million_tries_overflow_nothing() -> None:
    backoff = Backoff(0.5, 60)
    backoff.tries = 10**6
    assert 6 <= backoff.wait_s() <= 60
