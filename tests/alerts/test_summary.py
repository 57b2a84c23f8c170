"""The terminal summary tells the budget, the worst alerts and the hosts, and no cell does anything to the terminal."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console
from tests.alerts.frames import HOSTILE, alerts_of, hostile_frame, hostile_reason, scored_frame

from clan.alerts import Alert, summary
from clan.alerts.quantity import number
from clan.alerts.summary import endpoint, name_of


def shown(alerts: list[Alert], *, expected: float = 4.0, interval: tuple[float, float] = (1, 9), top: int = 10) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=False, color_system=None)
    console.print(summary(alerts, n_flows=400, expected=expected, interval=interval, top=top))
    return out.getvalue()


def test_worst_alerts_come_first_and_hosts_are_counted() -> None:
    alerts = alerts_of(scored_frame(400, 6))
    text = shown(alerts, top=3)
    assert "6 alerts in 400 flows; 4 expected (1 to 9): as many as expected" in text
    assert "Least like benign, 3 of 6" in text
    worst = sorted(alerts, key=lambda a: a.p_value)
    places = [text.index(f"{a.src_ip}:{a.src_port}") for a in worst[:3]]
    assert places == sorted(places)
    assert f"{worst[0].src_ip} sent too" in text


def test_an_incident_shows_its_worst_alert_only() -> None:
    alerts = [replace(a, incident_id="0123456789ab") for a in alerts_of(scored_frame(400, 6))]
    alerts[0] = replace(alerts[0], incident_id="ba9876543210")
    text = shown(alerts)
    assert "Least like benign, 2 of 6, the worst of each incident" in text
    worst = min(alerts[1:], key=lambda a: (a.p_value, -a.anomaly_score))
    others = [a for a in alerts[1:] if a is not worst]
    assert f"{worst.src_ip}:{worst.src_port}" in text
    assert not any(f"{a.src_ip}:{a.src_port}" in text for a in others)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    alerts = alerts_of(scored_frame(400, 6))
    out = io.StringIO()
    Console(file=out, width=width).print(summary(alerts, n_flows=400, expected=4.0, interval=(1, 9)))
    words = " ".join(out.getvalue().split())
    for a in alerts:
        assert f"{a.src_ip}:{a.src_port}" in words
        assert f"{a.dst_ip}:{a.dst_port}" in words
        assert number(a.p_value) in words
        assert a.headline in words
    assert all(len(line) <= width for line in out.getvalue().splitlines())


@pytest.mark.parametrize(
    ("interval", "verdict"), [((0, 5), "more than"), ((6, 6), "as many as"), ((7, 9), "fewer than")]
)
def test_verdict_compares_with_the_interval(interval: tuple[float, float], verdict: str) -> None:
    assert f": {verdict} expected" in shown(alerts_of(scored_frame(400, 6)), interval=interval)


def test_no_alerts_is_one_line() -> None:
    assert shown([], interval=(0, 3)).splitlines() == [
        "0 alerts in 400 flows; 4 expected (0 to 3): as many as expected"
    ]


def test_hostile_text_is_spelled_out_and_no_markup() -> None:
    alerts = [replace(a, reasons=(hostile_reason(),)) for a in alerts_of(hostile_frame())]
    text = shown(alerts)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "[red]" in text


def test_names_have_a_column_and_are_counted() -> None:
    plain = alerts_of(scored_frame(400, 6))
    named = [replace(a, label="scan", likeliest_label="scan", label_probability=0.75) for a in plain]
    named[0] = replace(plain[0], label="unknown", likeliest_label=HOSTILE, label_probability=0.4)
    out = io.StringIO()
    counts = {"scan": 5, "unknown": 1}
    Console(file=out, width=260).print(summary(named, n_flows=400, expected=4.0, interval=(1, 9), labels=counts))
    assert "named: 5 scan, 1 unknown" in out.getvalue()
    assert out.getvalue().count("│ scan") == 5
    assert name_of(named[1]) == "scan 0.75"
    assert name_of(named[0]).startswith("unknown (likeliest <script>")
    assert all(line.isprintable() for line in out.getvalue().split("\n"))
    assert "name" not in shown(plain)


def test_missing_endpoint_is_a_question_mark() -> None:
    assert endpoint(None, 80) == "?:80"
