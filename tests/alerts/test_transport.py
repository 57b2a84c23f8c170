"""What has no ports shows none, wherever people read of it, and ICMP shows its type."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from tests.alerts.attacks import make_alert

from clan.alerts import Alert, IncidentTracker, NormalFlow, summary
from clan.alerts.incident_table import shape
from clan.alerts.report.alert_list import alert_list
from clan.alerts.sinks.finding import finding_of

ECHO = make_alert(protocol=1, src_port=8, port=0)
UNREACHABLE = make_alert(protocol=1, src_port=3, port=13)
SOLICITATION = make_alert(protocol=58, src="fe80::1", dst="ff02::2", src_port=135, port=136)
TOLD_BY_NOBODY = make_alert(protocol=1, src_port=0, port=0)
GRE = make_alert(protocol=47, src_port=0, port=0)
WORDS = [
    (ECHO, "ICMP type 8"),
    (UNREACHABLE, "ICMP type 3"),
    (SOLICITATION, "IPv6-ICMP type 135"),
    (TOLD_BY_NOBODY, "ICMP"),
    (GRE, "GRE"),
]


def shown(alert: Alert) -> str:
    """The table of a run, on one line."""
    out = io.StringIO()
    Console(file=out, width=300).print(summary([alert], n_flows=9, expected=1.0, interval=(0, 3)))
    return " ".join(out.getvalue().replace("│", " ").split())


@pytest.mark.parametrize(("alert", "words"), WORDS)
def test_no_table_and_no_sentence_has_a_port(alert: Alert, words: str) -> None:
    assert f"{alert.src_ip} {alert.dst_ip} {words} 0.009" in shown(alert)
    assert finding_of(alert).sentence.startswith(f"{alert.src_ip} to {alert.dst_ip} over {words}: unlike")
    assert f"<span>{alert.src_ip} → {alert.dst_ip} {words}</span>" in alert_list([alert])


@pytest.mark.parametrize("protocol", [6, 17, 33, 132, 136, None])
def test_ports_are_shown_where_there_are_some(protocol: int | None) -> None:
    alert = make_alert(protocol=protocol, src_port=4_000)
    assert "10.0.0.1:4000 10.0.0.2:80 " in shown(alert)
    assert finding_of(alert).sentence.startswith("10.0.0.1 port 4000 to 10.0.0.2 port 80")
    assert "10.0.0.1:4000 → 10.0.0.2:80 " in alert_list([alert])


@pytest.mark.parametrize(("protocol", "words"), [(1, "ICMP"), (47, "GRE"), (50, "ESP"), (6, "TCP port 80")])
def test_a_benign_flow_beside_an_alert_has_a_port_where_there_is_one(protocol: int, words: str) -> None:
    flow = NormalFlow(
        uid="C1", timestamp=None, protocol=protocol, port=80, src_ip=None, dst_ip=None, anomaly_score=0.1, differing=2
    )
    assert flow.sentence == f"{words}, C1, 2 features apart"


@pytest.mark.parametrize(("protocol", "name"), [(1, "ICMP"), (58, "IPv6-ICMP"), (47, "GRE"), (2, "IGMP")])
def test_incidents_count_no_ports_of_what_has_none(protocol: int, name: str) -> None:
    tracker = IncidentTracker()
    for n in range(20):
        tracker.add(make_alert(n, protocol=protocol, src_port=3, port=n))
    (incident,) = tracker.incidents()
    assert (incident.n_ports, incident.pattern) == (0, "repeated")
    assert incident.sentence == f"10.0.0.1 to 10.0.0.2: 20 {name} flows"
    assert shape(incident) == f"repeated, {name}"


def test_machines_are_told_what_the_columns_hold() -> None:
    found = finding_of(ECHO)
    assert (found.src.port, found.dst.port, found.transport) == (8, 0, "ICMP")
