"""The terminal view stays in its window and shows foreign text as text."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from tests.watch.snapshots import EVIL, HOLDING, RECALIBRATE, STATUS, event, snapshot

from clan.watch import TerminalView
from clan.watch.view import Screen, bar

FULL = snapshot(
    events=tuple(event(what=f"{i} {EVIL}") for i in range(200)),
    messages=tuple(f"message {i} {EVIL}" for i in range(50)),
    sinks={f"sink {i} {EVIL}": {"sent": i, "spooled": i, "dropped": {"rejected": 3}} for i in range(9)},
    holding=RECALIBRATE,
)


@settings(max_examples=60)
@given(st.integers(1, 200), st.integers(1, 80), st.booleans())
def test_it_never_grows_beyond_its_window(width: int, height: int, ascii_only: bool) -> None:
    for shown in (snapshot(events=(), messages=(), sinks={}), FULL):
        lines = Screen(shown).lines(width, height, ascii_only=ascii_only)
        assert len(lines) <= height
        assert max(line.cell_len for line in lines) <= width


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 40), (40, 10)])
def test_what_a_terminal_gets_is_printable_and_in_the_window(width: int, height: int) -> None:
    out = io.StringIO()
    Console(file=out, width=width, height=height, force_terminal=True, color_system=None).print(Screen(FULL))
    text = out.getvalue()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert len(text.splitlines()) <= height
    assert all(len(line) <= width for line in text.splitlines())


@pytest.mark.parametrize("width", [80, 160])
def test_what_matters_is_there_at_80_by_24(width: int) -> None:
    shown = Screen(snapshot(holding=RECALIBRATE)).lines(width, 24)
    text = " ".join(" ".join(line.plain for line in shown).split())  # what is longer than a line goes on in the next
    for part in (
        "eth0", "office.clan (c003723a6cd0)", "1:02:03", "12,345 flows (12/s, 300 open)",
        "1,234,567 packets (5,000/s",
        "412 MB", "7 packets that the kernel dropped", "14 alerts in 12,345 flows, 12 expected (6 to 20): above",
        "rate 0.110% (0.050% to 0.200%), made for 10 a day", "2 high, 0 medium, 0 low, 12 marginal", "3 port_scan",
        "recalibrate: if this traffic is benign, set the threshold anew: clan calibrate",
        "scores have moved (index 0.40)",
        "file: 14 sent", "3 incidents (2 open), 4 alerts hidden by suppressions, 18 alerts stored", "0123456789ab",
        "10.0.0.1 to 10.0.0.2: 3 TCP flows, port", "watching eth0", *(["idle_max"] if width > 80 else []),
    ):  # fmt: skip
        assert part in text


def test_a_low_window_has_a_line_for_each_thing() -> None:
    lines = [line.plain for line in Screen(snapshot(holding=RECALIBRATE)).lines(80, 14)]
    assert any(line.startswith("model     recalibrate:") and line.endswith("…") for line in lines)
    assert any("incidents" in line for line in lines)


def test_sinks_with_trouble_come_first() -> None:
    sinks = {f"s{i}": {"sent": 1} for i in range(6)} | {"syslog": {"sent": 3, "spooled": 5, "retried": 2}}
    lines = [line.plain for line in Screen(snapshot(sinks=sinks)).lines(100, 40)]
    (first,) = [line for line in lines if "syslog" in line]
    assert "3 sent, 5 spooled, 2 retried" in first
    assert any("and 3 sinks more" in line for line in lines)


def test_the_bar_marks_alerts_on_what_was_expected() -> None:
    assert bar(HOLDING, 31, ascii_only=True).plain == "------=========o====----------"[:14] + "o======----------"
    above = bar(replace(HOLDING, n_alerts=60), 20, ascii_only=True).plain
    assert above.index("o") > above.rindex("=")
    assert bar(HOLDING, 5).plain == ""
    assert bar(replace(HOLDING, n_alerts=0, interval=(0, 0), expected=0.0), 20).plain.startswith("●")


def test_overload_is_shown() -> None:
    status = replace(STATUS, one_in=8, behind_s=7.4, kernel_dropped=None)
    text = "\n".join(line.plain for line in Screen(snapshot(status=status)).lines(160, 24))
    assert "what the kernel dropped is not known yet; following 1 new flow in 8; behind for 7 s" in text


def test_the_window_is_given_back() -> None:
    out = io.StringIO()
    with TerminalView(Console(file=out, force_terminal=True, width=80, height=24)) as view:
        view.update(snapshot())
    assert (
        out.getvalue().index("\x1b[?1049h") < out.getvalue().index("office.clan") < out.getvalue().index("\x1b[?1049l")
    )
