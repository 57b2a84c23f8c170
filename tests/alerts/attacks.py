"""Alerts of made-up attacks, for the tests of incidents, suppressions and the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clan.alerts import Alert, Reason

START = datetime(2024, 3, 5, 8, 0, tzinfo=UTC)
REASON = Reason(
    feature="flag_SYN", value=float("inf"), unit="packets", benign_quantile=1.0, benign_low=0.0, benign_high=2.0,
    distance=3.0,
)  # fmt: skip


def make_alert(
    n: int = 0, src: str | None = "10.0.0.1", dst: str | None = "10.0.0.2", port: int | None = 80,
    at: float | None = 0.0, protocol: int | None = 6, **changes: object,
) -> Alert:  # fmt: skip
    """Make alert number n, whose flow ends `at` seconds after the start."""
    when = None if at is None else START + timedelta(seconds=at)
    values: dict[str, object] = {
        "timestamp": when, "ts_end": when, "uid": f"C{n}", "community_id": None, "src_ip": src,
        "src_port": 40_000 + n % 20_000, "dst_ip": dst, "dst_port": port, "protocol": protocol, "source": "test.pcap",
        "anomaly_score": 0.9, "p_value": 0.009, "threshold": 0.5, "alpha": 0.01, "model_id": "m1", "severity": 4,
        "reasons": (REASON,),
    }  # fmt: skip
    return Alert(**{**values, **changes})  # type: ignore[arg-type]  # a test names what it changes


def port_scan(n: int = 10_000, src: str = "10.9.9.9", first: int = 0, at: float = 0.0) -> list[Alert]:
    """One actor, one target, n ports, a millisecond apart."""
    return [make_alert(first + i, src, "10.0.0.2", 1 + i, at + i / 1000) for i in range(n)]


def flood(n: int = 5_000, dst: str = "10.0.0.80", first: int = 100_000, at: float = 0.0) -> list[Alert]:
    """As many actors as flows, one service of one target."""
    return [
        make_alert(first + i, f"172.{16 + (i >> 16)}.{i >> 8 & 255}.{i & 255}", dst, 80, at + i / 1000)
        for i in range(n)
    ]


def guessing(n: int = 300, src: str = "10.9.9.8", first: int = 200_000, at: float = 0.0) -> list[Alert]:
    """One actor, one service, again and again."""
    return [make_alert(first + i, src, "10.0.0.22", 22, at + i) for i in range(n)]
