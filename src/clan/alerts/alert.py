"""The alert record: one flow that was less like benign traffic than the budget allows, and why."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import polars as pl
from msgspec import Struct

from clan.alerts.explanation import RANGE, Explanation, HostFact, NormalFlow
from clan.alerts.reason import Reason
from clan.alerts.transport import transport_name, transport_words
from clan.errors import DataError
from clan.schema import IDENTITY

CATEGORY = "Anomalous flow"
SEVERITIES = {1: "high", 2: "medium", 3: "low", 4: "marginal"}
"""Severity to its name; 1 is the worst, as in EVE."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTS = {
    "packets_fwd": "fwd_pkt_cnt",
    "packets_bwd": "bwd_pkt_cnt",
    "payload_bytes_fwd": "fwd_pkt_len_tot",
    "payload_bytes_bwd": "bwd_pkt_len_tot",
}


class Alert(Struct, frozen=True, kw_only=True):
    """One anomalous flow.

    Text fields are as the source gave them; whoever shows them escapes them (see `clan.alerts.text`).

    Attributes:
        timestamp: Start of the flow in UTC; None where the source has no times.
        ts_end: End of the flow in UTC, or None.
        uid: The flow's own identifier, the same for the same packets.
        community_id: Community ID, or None.
        src_ip: Address of the originator, or None.
        src_port: Port of the originator (of ICMP the type), or None where the protocol has none.
        dst_ip: Address of the responder, or None.
        dst_port: Port of the responder (of ICMP the type that answers, or the code), or None.
        protocol: IANA protocol number, or None.
        source: The stream that the flow came from.
        anomaly_score: Higher is more anomalous.
        p_value: Share of benign flows that would score at least as high, in (0, 1].
        p_extrapolated: Whether it comes from a fitted tail, because no benign flow of the calibration scored as high.
        threshold: The score from which flows are alerts.
        alpha: The p-value up to which flows are alerts, in (0, 1): the budget as a rate.
        model_id: Which model said so.
        severity: 1 (high) to 4 (marginal), see `severity_of`.
        reasons: The features that carry the score, the most telling first.
        sentence: The alert in one sentence for a person; hosts and columns are as the source spelt them.
        explained_by: How the reasons were found: a name in `clan.alerts.explanation.METHODS`.
        score_without: The score once the reasons and their families are replaced by benign values, below the threshold;
            None where that was not checked, or nothing that was tried makes the flow normal.
        nearest: The benign flows of the training that are most like it, the nearest first.
        history: What its hosts did shortly before it.
        packets_fwd: Packets of the originator, or None where they are unavailable.
        packets_bwd: Packets of the responder, or None.
        payload_bytes_fwd: Transport payload of the originator in bytes, or None.
        payload_bytes_bwd: Transport payload of the responder in bytes, or None.
        vlan: VLAN tags, outermost first, such as ``100.20``, or None.
        tunnel: The tunnel that the flow came through, or None.
        category: Kind of alert.
        label: Name of the class that the flow belongs to, ``"unknown"`` where it is like none, or None where the model
            names nothing.
        likeliest_label: The class that it would belong to if it had to be one, or None.
        label_probability: The probability of that class, in [0, 1], or None.
        source_alert: What the source itself raised on the flow (Suricata's signature), or None.
        incident_id: The incident that it belongs to, 12 hexadecimal digits, or None where alerts are not grouped.
        src_name: What the hosts file calls the originator, or None.
        src_group: The group that the hosts file puts the originator in, or None.
        dst_name: The responder's name, or None.
        dst_group: The responder's group, or None.
    """

    timestamp: datetime | None
    ts_end: datetime | None
    uid: str
    community_id: str | None
    src_ip: str | None
    src_port: int | None
    dst_ip: str | None
    dst_port: int | None
    protocol: int | None
    source: str
    anomaly_score: float
    p_value: float
    threshold: float
    alpha: float
    model_id: str
    severity: int
    reasons: tuple[Reason, ...]
    packets_fwd: int | None = None
    packets_bwd: int | None = None
    payload_bytes_fwd: int | None = None
    payload_bytes_bwd: int | None = None
    vlan: str | None = None
    tunnel: str | None = None
    category: str = CATEGORY
    p_extrapolated: bool = False
    sentence: str = ""
    explained_by: str = RANGE
    score_without: float | None = None
    nearest: tuple[NormalFlow, ...] = ()
    history: tuple[HostFact, ...] = ()
    label: str | None = None
    likeliest_label: str | None = None
    label_probability: float | None = None
    source_alert: str | None = None
    incident_id: str | None = None
    src_name: str | None = None
    src_group: str | None = None
    dst_name: str | None = None
    dst_group: str | None = None

    @property
    def alert_id(self) -> str:
        """Name the alert: 12 hexadecimal digits, the same for the same flow of the same source, whatever the model."""
        return alert_id(self.source, self.uid)

    @property
    def headline(self) -> str:
        """Why, for a line that names the hosts already: the sentence, or the first reason where it begins with them."""
        first = self.reasons[0].sentence if self.reasons else ""
        beginnings = (f"{self.src_ip or '?'} to ", "this flow")
        return first if not self.sentence or self.sentence.startswith(beginnings) else self.sentence

    @property
    def when(self) -> datetime | None:
        """When the flow ended, as far as it is known: what alerts are put in order by."""
        return self.ts_end or self.timestamp

    @property
    def transport(self) -> str | None:
        """Upper-case name of the protocol, or None."""
        return None if self.protocol is None else transport_name(self.protocol)

    @property
    def transport_words(self) -> str | None:
        """The protocol and, of ICMP, the type, or None."""
        return None if self.protocol is None else transport_words(self.protocol, self.src_port, self.dst_port)


@lru_cache(maxsize=8192)  # whoever stores, writes and groups an alert asks for it
def alert_id(source: str, uid: str) -> str:
    """Name the alert on a flow.

    Args:
        source: The stream that the flow came from.
        uid: The flow's own identifier.

    Returns:
        12 hexadecimal digits. Two of a million alerts share them with a probability of 0.2 %.

    Example:
        >>> alert_id("monday.pcap", "C1")
        '4f048493b8ee'
    """
    text = f"{source}\0{uid}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:12]


def severity_of(p_value: float, alpha: float) -> int:
    """Grade an alert by how far below the budget's rate its p-value lies.

    | severity | p-value / alpha | reading |
    |---|---|---|
    | 1 high | up to 0.01 | benign traffic does this at most a hundredth as often as it raises an alert |
    | 2 medium | up to 0.1 | at most a tenth as often |
    | 3 low | up to 0.5 | at most half as often |
    | 4 marginal | above | just inside the budget |

    Ranks give no p-value below 1 / (calibration flows + 1), so with few calibration flows severity 1 rests on the
    fitted tail (`Alert.p_extrapolated`).

    Args:
        p_value: In (0, 1].
        alpha: The p-value up to which flows are alerts, in (0, 1).

    Example:
        >>> [severity_of(p, 0.01) for p in (0.0001, 0.001, 0.004, 0.009)]
        [1, 2, 3, 4]
    """
    ratio = p_value / alpha if alpha > 0 else math.inf
    # The bounds are met with a little room: 0.0001 / 0.01 is not exactly 0.01.
    return next((level for level, bound in ((1, 0.01), (2, 0.1), (3, 0.5)) if ratio <= bound * (1 + 1e-9)), 4)


def alerts_from(
    scored: pl.DataFrame,
    explanations: Sequence[Explanation],
    *,
    threshold: float,
    alpha: float,
    model_id: str,
) -> list[Alert]:
    """Make the alert records of a scored table.

    Args:
        scored: Flows with the identity columns and `anomaly_score`, `p_value` and `alert` (bool), and
            `p_extrapolated` and `source_alert` where they are told; feature columns are used for the packet and byte
            counts where they are there.
        explanations: One for each row whose `alert` is true, in the order of those rows.
        threshold: The score from which flows are alerts.
        alpha: The p-value up to which flows are alerts, in (0, 1).
        model_id: Which model scored them.

    Returns:
        One record for each row whose `alert` is true, in the order of the table.

    Raises:
        DataError: A column is missing, or there are not as many explanations as alerts.
    """
    missing = [c for c in (*IDENTITY, "anomaly_score", "p_value", "alert") if c not in scored.columns]
    if missing:
        raise DataError(f"the scored table lacks {', '.join(missing)}; score the flows with a detector first")
    rows = scored.filter(pl.col("alert").fill_null(value=False))
    if rows.height != len(explanations):
        raise DataError(f"expected one explanation for each of {rows.height} alerts, got {len(explanations)}")
    counts = {name: column for name, column in _COUNTS.items() if column in rows.columns}
    table = rows.select(
        *(pl.col(c).dt.epoch("us") if c in ("ts_start", "ts_end") else pl.col(c) for c in IDENTITY),
        "anomaly_score",
        "p_value",
        *(name for name in ("p_extrapolated", "source_alert") if name in rows.columns),
        *(pl.col(column).cast(pl.Int64).alias(name) for name, column in counts.items()),
    )
    return [
        _record(row, why, threshold=threshold, alpha=alpha, model_id=model_id)
        for row, why in zip(table.iter_rows(named=True), explanations, strict=True)
    ]


def _record(row: dict[str, Any], why: Explanation, *, threshold: float, alpha: float, model_id: str) -> Alert:
    return Alert(
        timestamp=_time(row.pop("ts_start")),
        ts_end=_time(row.pop("ts_end")),
        uid=row.pop("uid") or "",
        source=row.pop("source") or "",
        threshold=threshold,
        alpha=alpha,
        model_id=model_id,
        severity=severity_of(row["p_value"], alpha),
        reasons=why.reasons,
        sentence=why.sentence,
        explained_by=why.explained_by,
        score_without=why.score_without,
        nearest=why.nearest,
        history=why.history,
        **row,
    )


def _time(epoch_us: int | None) -> datetime | None:
    """Build the time by hand: polars would ask for a time zone database, which small images lack."""
    return None if epoch_us is None else _EPOCH + timedelta(microseconds=epoch_us)
