"""The share of new flows halves while reading is behind, and comes back when it is not."""

from __future__ import annotations

from clan.sources.live.pressure import BEHIND_S, CALM_S, MOST, Pressure


def test_a_pipe_that_is_found_empty_is_no_pressure() -> None:
    pressure = Pressure(0)
    assert {pressure.note(t / 10, drained=t % 15 == 0) for t in range(1000)} == {1}


def test_the_share_halves_for_every_two_seconds_behind() -> None:
    pressure = Pressure(0)
    shares = [pressure.note(t / 4, drained=False) for t in range(30)]
    assert shares == [2 ** int(t / 4 // BEHIND_S) for t in range(30)]
    assert pressure.behind_s(7.25) == 7.25


def test_it_never_falls_below_its_bound() -> None:
    pressure = Pressure(0)
    for t in range(10_000):
        pressure.note(t, drained=False)
    assert pressure.one_in == MOST


def test_it_comes_back_step_by_step() -> None:
    pressure = Pressure(0)
    for t in (2, 4, 6):
        pressure.note(t, drained=False)
    assert pressure.one_in == 8
    back = [pressure.note(6 + t, drained=True) for t in range(40)]
    assert back == [8 >> min(int(t // CALM_S), 3) for t in range(40)]
