"""Synthetic scored tables and hostile text for the tests of alerts and reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from clan.alerts import REPLACED, Alert, Explanation, HostFact, NormalFlow, Reason, alerts_from
from clan.detect import BenignScale
from clan.explain.ranges import Ranges
from clan.schema import IDENTITY, Feature, features_of

START = datetime(2024, 3, 5, 8, 0, tzinfo=UTC)
ALPHA = 0.01
THRESHOLD = 0.5
PROBABILITIES = np.array([0.0, 0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995, 1.0])
NAMES = ("fwd_pkt_cnt", "bwd_pkt_cnt", "fwd_pkt_len_tot", "bwd_pkt_len_tot", "flow_duration", "flag_SYN", "iat_mean")
FEATURES: tuple[Feature, ...] = tuple(f for f in features_of(["flow"]) if f.name in NAMES)

HOSTILE = "<script>alert('1')</script>\"&[red]x[/red]\x1b[31m\x9b2J\u202e\u2028\r\n\x07\x7f\u200b end"


def scored_frame(n: int = 400, n_alerts: int = 6, *, seed: int = 0, hours: float = 9.0) -> pl.DataFrame:
    """Make a scored table of `n` flows, the last `n_alerts` of them anomalous, in order of time."""
    rng = np.random.default_rng(seed)
    values = {f.name: np.round(rng.lognormal(3.0, 1.0, n) * (50.0 if f.unit == "us" else 1.0)) for f in FEATURES}
    alert = np.arange(n) >= n - n_alerts
    values["fwd_pkt_cnt"][alert] *= 400.0
    seconds = np.sort(rng.uniform(0.0, hours * 3600.0, n))
    starts = [START + timedelta(seconds=float(s)) for s in seconds]
    identity = {
        "uid": [f"C{seed:02d}{i:06d}" for i in range(n)],
        "community_id": [f"1:{i:027d}=" for i in range(n)],
        "ts_start": starts,
        "ts_end": [s + timedelta(seconds=2) for s in starts],
        "src_ip": [f"10.0.0.{i % 23}" for i in range(n)],
        "src_port": (40_000 + np.arange(n) % 20_000).tolist(),
        "dst_ip": [f"192.0.2.{i % 7}" for i in range(n)],
        "dst_port": [443] * n,
        "protocol": [6] * n,
        "source": ["office.pcap"] * n,
        "vlan": [None] * n,
        "tunnel": [None] * n,
    }
    frame = pl.DataFrame(identity, schema=IDENTITY)
    return frame.with_columns(
        *(pl.Series(f.name, values[f.name]).cast(f.dtype) for f in FEATURES),
        pl.Series("anomaly_score", np.where(alert, rng.uniform(0.55, 1.0, n), rng.beta(2.0, 9.0, n) * THRESHOLD)),
        pl.Series("p_value", np.where(alert, rng.uniform(1e-5, ALPHA, n), rng.uniform(ALPHA * 1.01, 1.0, n))),
        pl.Series("alert", alert),
    )


def benign_quantiles(frame: pl.DataFrame) -> np.ndarray:
    """Quantiles of the flows that are no alerts. Shape `(n_probabilities, n_features)`."""
    benign = frame.filter(~pl.col("alert")).select(f.name for f in FEATURES).to_numpy().astype(np.float64)
    return np.quantile(benign, PROBABILITIES, axis=0)


def alerts_of(frame: pl.DataFrame) -> list[Alert]:
    """The alert records of a scored table, each with an explanation that names its hosts and everything else."""
    found = frame.filter(pl.col("alert"))
    scale = BenignScale.of(benign_quantiles(frame), PROBABILITIES)
    beside = Ranges.of(scale, FEATURES).beside(scale, found.select(f.name for f in FEATURES).to_numpy().astype(float))
    explanations = [
        Explanation(
            reasons=tuple(
                beside.reason(i, j, normal=2.0, family=("iat_max", str(row["uid"])), drop=0.2)
                for j in beside.farthest(i, 5)
            ),
            sentence=f"{row['src_ip']} sent too much to {row['dst_ip']}.",
            explained_by=REPLACED,
            score_without=0.25,
            nearest=(normal_flow(row["uid"], row["src_ip"]),),
            history=(host_fact(row["src_ip"]),),
        )
        for i, row in enumerate(found.iter_rows(named=True))
    ]
    return alerts_from(frame, explanations, threshold=THRESHOLD, alpha=ALPHA, model_id="office-1")


def normal_flow(uid: str, ip: str) -> NormalFlow:
    """A benign flow as a model keeps it."""
    return NormalFlow(
        uid=uid, timestamp=START, protocol=6, port=443, src_ip=ip, dst_ip=None, anomaly_score=0.1, differing=3
    )


def host_fact(ip: str) -> HostFact:
    """What a host did before."""
    return HostFact(
        feature="ctx_src_ports_60s",
        value=214.0,
        unit="ports",
        words=f"{ip} tried 214 destination ports within a minute",
        benign_high=6.0,
    )


def hostile_frame() -> pl.DataFrame:
    """A scored table whose every text comes from an attacker."""
    text = ("uid", "community_id", "src_ip", "dst_ip", "source", "vlan", "tunnel")
    return scored_frame(40, 5).with_columns(pl.lit(HOSTILE).alias(c) for c in text)


def hostile_reason() -> Reason:
    """A reason whose column was named by an attacker."""
    return Reason(
        feature=HOSTILE, value=3.0, unit=HOSTILE, benign_quantile=1.0, benign_low=0.0, benign_high=1.0, distance=1.0
    )
