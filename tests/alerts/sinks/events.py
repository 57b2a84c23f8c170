"""Alerts and incidents for the tests of sinks: usual ones, bare ones, and ones whose every text an attacker wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from msgspec.structs import replace
from tests.alerts.frames import alerts_of, scored_frame

from clan.alerts import Alert, Incident, Reason
from clan.alerts.incident import PATTERNS

START = datetime(2024, 3, 5, 8, 0, tzinfo=UTC)


def alert(**changes: object) -> Alert:
    """A usual alert, with changes."""
    (usual,) = alerts_of(scored_frame(60, 1))
    return replace(usual, **changes)


def incident(**changes: object) -> Incident:
    """A usual incident, with changes."""
    usual = Incident(
        incident_id="0123456789ab",
        state="update",
        source="office.pcap",
        actor="10.0.0.5",
        target="192.0.2.7",
        pattern="port_sweep",
        first_seen=START,
        last_seen=START + timedelta(seconds=61.5),
        n_alerts=10_000,
        n_limited=9_000,
        n_actors=1,
        n_targets=1,
        n_ports=10_000,
        ports=tuple(range(1, 17)),
        protocol=6,
        severity=1,
        p_value=0.0001,
        anomaly_score=0.93,
        model_id="office-1",
        label="port_scan",
        alert_ids=("aaaaaaaaaaaa", "bbbbbbbbbbbb"),
        reasons=("flag_SYN", "fwd_pkt_cnt"),
        actor_name="laptop",
        actor_group="office",
    )
    return replace(usual, **changes)


def bare_alert() -> Alert:
    """An alert of which nothing is known but that it is one."""
    return alert(
        timestamp=None, ts_end=None, src_ip=None, src_port=None, dst_ip=None, dst_port=None, protocol=None,
        community_id=None, reasons=(), packets_fwd=None, packets_bwd=None, payload_bytes_fwd=None,
        payload_bytes_bwd=None, source="",
    )  # fmt: skip


def bare_incident() -> Incident:
    """An incident of which nothing is known."""
    return incident(
        first_seen=None, last_seen=None, actor=None, target=None, pattern="many_sources", protocol=None, label=None,
        alert_ids=(), reasons=(), actor_name=None, actor_group=None, ports=(), n_ports=0, n_limited=0, n_alerts=1,
    )  # fmt: skip


def usual_events() -> list[Alert | Incident]:
    """One of each sort."""
    named = {"label": "port_scan", "likeliest_label": "port_scan", "label_probability": 0.9}
    return [
        *alerts_of(scored_frame(200, 5)),
        alert(
            src_ip="2001:db8::1", dst_ip="fe80::1%eth0", uid="C3", vlan="100.20", tunnel="vxlan", protocol=17, **named
        ),
        alert(uid="C4", protocol=1, src_port=8, dst_port=0, severity=1, incident_id="0123456789ab", src_name="laptop"),
        alert(uid="C5", protocol=58, src_ip="::1", dst_ip="::1"),
        alert(uid="C1", ts_end=None),
        alert(uid="C2", timestamp=None),
        alert(uid="C6", protocol=46, src_port=None, dst_port=None),
        bare_alert(),
        *(incident(incident_id=f"{i:012d}", pattern=pattern, severity=1 + i % 4) for i, pattern in enumerate(PATTERNS)),
        incident(state="new"),
        incident(state="closed", merged_into="ba9876543210"),
        incident(ports=(22,), n_ports=1, target="2001:db8::2"),
        bare_incident(),
    ]


_NASTY = "\n\r\t\0\x1b\x7f\x85\u2028\u202e\u200b\ufeff\"'\\|=[]{}<>&;,:%^`$-"
hostile_text = st.one_of(
    st.text(st.characters(), max_size=30),
    st.text(st.sampled_from(_NASTY + "ab\ud800\udfff\U0001f600"), max_size=30),
    st.sampled_from(
        [
            "x" * 1_200,
            "\n" * 1_200,
            "\ud800" * 1_200,
            "=" * 1_200,
            "CEF:0|a|b|c|d|e|9|src=1.1.1.1",
            "] - fake",
            "<13>1 - - - - - -",
            "(empty)",
            "-",
            "",
            " msg=x dst=9.9.9.9",
            '"}\n{"event_type":"alert"}',
            "1.2.3.4\nsrc=5.6.7.8",
        ]
    ),
)


@st.composite
def hostile_events(draw: st.DrawFn) -> Alert | Incident:
    """An event whose every text comes from an attacker."""
    text = draw(st.lists(hostile_text, min_size=4, max_size=4))
    value = draw(st.sampled_from([3.0, float("inf"), -1e300]))
    port = draw(st.one_of(st.none(), st.integers(0, 65535)))
    return hostile_incident(text) if draw(st.booleans()) else hostile_alert(text, value, port)


def hostile_incident(text: list[str]) -> Incident:
    """An incident that says nothing but the given four texts."""

    def some(i: int) -> str:
        return text[i % 4]

    return incident(
        actor=some(0), target=some(1), source=some(2), label=some(3), reasons=(some(0),) * 5, model_id=some(1),
        actor_name=some(2), target_name=some(3), actor_group=some(0), target_group=some(1),
    )  # fmt: skip


def hostile_alert(text: list[str], value: float = 3.0, port: int | None = None) -> Alert:
    """An alert that says nothing but the given four texts."""

    def some(i: int) -> str:
        return text[i % 4]

    reason = Reason(
        feature=some(0), value=value, unit=some(1), benign_quantile=1.0,
        benign_low=0.0, benign_high=1.0, distance=1.0,
    )  # fmt: skip
    return alert(
        uid=some(0), community_id=some(1), src_ip=some(2), dst_ip=some(3), source=some(0), vlan=some(1),
        tunnel=some(2), label=some(3), likeliest_label=some(0), label_probability=0.5, src_name=some(1),
        dst_name=some(2), category=some(3), model_id=some(0), reasons=(reason,) * 5, src_port=port, dst_port=port,
    )  # fmt: skip
