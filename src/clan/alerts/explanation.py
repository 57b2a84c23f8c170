"""Why a flow raised an alert: its reasons, what is normal beside it, and what its hosts did before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import Struct

from clan.alerts.quantity import quantity
from clan.alerts.reason import Reason
from clan.alerts.transport import transport_name
from clan.counted import counted
from clan.schema import has_ports

REPLACED: Final = "replaced"
SHARED: Final = "shared"
RANGE: Final = "range"
METHODS: Final = {
    REPLACED: "found by replacing features of this flow with those of benign flows, and checked with the model",
    SHARED: "found on a flow like this one in a storm of alerts, and checked on this flow with the model",
    RANGE: "the features farthest from their benign range, each by itself; not checked with the model",
}
"""How reasons were found, and what that means."""


class NormalFlow(Struct, frozen=True, kw_only=True):
    """A benign flow of the training that is like the one that alerts.

    Attributes:
        uid: Its identifier, where the training flows had one.
        timestamp: Its start in UTC, or None.
        protocol: IANA protocol number, or None.
        port: Port of the responder, or what its protocol has there, or None.
        src_ip: Address of the originator, where the model was allowed to keep it.
        dst_ip: Address of the responder, where the model was allowed to keep it.
        anomaly_score: Its score by the same model.
        differing: Features that differ from the alerting flow by more than one spread of benign traffic, >= 0.
    """

    uid: str | None
    timestamp: datetime | None
    protocol: int | None
    port: int | None
    src_ip: str | None
    dst_ip: str | None
    anomaly_score: float
    differing: int

    @property
    def sentence(self) -> str:
        """The flow in one short line; texts are as the source spelt them, not escaped."""
        service = None if self.protocol is None else transport_name(self.protocol)
        if service is not None and self.port is not None and has_ports(self.protocol):
            service = f"{service} port {self.port}"
        where = " to ".join(ip for ip in (self.src_ip, self.dst_ip) if ip is not None)
        when = None if self.timestamp is None else self.timestamp.strftime("%Y-%m-%d %H:%M:%S UTC")
        told = [part for part in (service, where, when, self.uid) if part]
        told.append(f"{counted(self.differing, 'feature')} apart")
        return ", ".join(told)


class HostFact(Struct, frozen=True, kw_only=True):
    """Something that a host of the flow did shortly before it.

    Attributes:
        feature: Column of group `context` that tells it.
        value: Its value, in `unit`.
        unit: Its unit.
        words: What it says, with the hosts named, such as ``"10.0.0.5 tried 214 ports of 10.0.0.9 within a minute"``;
            addresses are as the source spelt them, not escaped.
        benign_high: The 99.9 % quantile of benign traffic, where the model knows the column; else None.
    """

    feature: str
    value: float
    unit: str
    words: str
    benign_high: float | None

    @property
    def unusual(self) -> bool:
        """Whether benign traffic hardly ever has as much."""
        return self.benign_high is not None and self.value > self.benign_high

    @property
    def sentence(self) -> str:
        """The fact in one line."""
        if self.benign_high is None:
            return self.words
        return f"{self.words} (benign 99.9 % quantile {quantity(self.benign_high, self.unit)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What is told about an alert besides the flow itself.

    Attributes:
        reasons: The features that carry the score, the most telling first.
        sentence: The alert in one sentence for a person; texts are as the source spelt them, not escaped.
        explained_by: How the reasons were found, a name in `METHODS`.
        score_without: The score once the reasons and their families are replaced by the values of a nearest benign
            flow, the highest over those that were tried; below the threshold. None where the reasons were not
            checked, or nothing that was tried makes the flow normal.
        nearest: The benign flows that are most like it, the nearest first.
        history: What its hosts did before it.
    """

    reasons: tuple[Reason, ...] = ()
    sentence: str = ""
    explained_by: str = RANGE
    score_without: float | None = None
    nearest: tuple[NormalFlow, ...] = ()
    history: tuple[HostFact, ...] = ()
