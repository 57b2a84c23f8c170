"""The incident record: alerts that one actor raised in one go, told as one event that is updated while it lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from clan.alerts.incident_technique import Technique, technique_of
from clan.alerts.quantity import count, quantity
from clan.alerts.text import visible
from clan.alerts.transport import transport_name
from clan.counted import counted

State = Literal["new", "update", "closed"]
Pattern = Literal["single", "repeated", "port_sweep", "host_sweep", "sweep", "many_sources"]

PATTERNS: dict[Pattern, str] = {
    "single": "one flow",
    "repeated": "one actor, one target, at most 8 ports",
    "port_sweep": "one actor, one target, more than 8 ports",
    "host_sweep": "one actor, several targets, at most 8 ports",
    "sweep": "one actor, several targets, more than 8 ports",
    "many_sources": "many actors, one target",
}
"""The shape of an incident, which is seen and not guessed; what it was for is for a label or a person to say."""


class Incident(Struct, frozen=True, kw_only=True):
    """Alerts that belong together, as they are known at one moment. Later records of an incident have the same id.

    Text fields are as the source gave them; whoever shows them escapes them (see `clan.alerts.text`).

    Attributes:
        incident_id: 12 hexadecimal digits; the same for the same alerts in the same order.
        state: `new` with the first alert, `update` while it grows, `closed` once and last.
        merged_into: With `closed`: the incident that this one turned out to be a part of, or None.
        source: The stream that its flows came from.
        actor: Address that its flows came from; None where there are many.
        target: Address that they went to; None where there are many.
        pattern: Its shape, see `PATTERNS`.
        first_seen: Start of its first flow in UTC, or None where the source has no times.
        last_seen: End of its last flow in UTC, or None.
        n_alerts: Alerts, those among them that went nowhere else (`n_limited`) counted too.
        n_limited: Alerts that were over the rate limit and are told by the incident only.
        n_actors: Different originators; exact up to 256, an estimate within a few percent above.
        n_targets: Different responders; as `n_actors`.
        n_ports: Different ports of the responders, exact.
        ports: The first 16 of them, ascending.
        protocol: IANA protocol number, or None where it is not one and the same.
        severity: 1 (high) to 4 (marginal), see `clan.alerts.incident_severity`.
        p_value: The smallest p-value among its alerts.
        anomaly_score: The highest score among its alerts.
        model_id: The model that raised its latest alert.
        label: Name of the class that more than half of its alerts have, or None.
        alert_ids: Its first alert and the least likely ones, at most 8.
        reasons: Features that its representative alerts name first, the commonest first, at most 5.
        actor_name: What the hosts file calls the actor, or None.
        actor_group: The group that the hosts file puts the actor in, or None.
        target_name: The target's name, or None.
        target_group: The target's group, or None.
    """

    incident_id: str
    state: State
    merged_into: str | None = None
    source: str
    actor: str | None
    target: str | None
    pattern: Pattern
    first_seen: datetime | None
    last_seen: datetime | None
    n_alerts: int
    n_limited: int = 0
    n_actors: int
    n_targets: int
    n_ports: int
    ports: tuple[int, ...]
    protocol: int | None
    severity: int
    p_value: float
    anomaly_score: float
    model_id: str
    label: str | None = None
    alert_ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    actor_name: str | None = None
    actor_group: str | None = None
    target_name: str | None = None
    target_group: str | None = None

    @property
    def duration_s(self) -> float | None:
        """From the start of its first flow to the end of its last, in seconds, or None without times."""
        if self.first_seen is None or self.last_seen is None:
            return None
        return max((self.last_seen - self.first_seen).total_seconds(), 0.0)

    @property
    def transport(self) -> str | None:
        """Upper-case name of the protocol, or None."""
        return None if self.protocol is None else transport_name(self.protocol)

    @property
    def technique(self) -> Technique | None:
        """The ATT&CK technique of a named class; None for an incident without a name, whatever its shape."""
        return None if self.label is None else technique_of(self.label)

    @property
    def sentence(self) -> str:
        """The incident in one line that prints as it is."""
        who = _whom(self.actor, self.actor_name, self.n_actors)
        whom = _whom(self.target, self.target_name, self.n_targets)
        flows = counted(self.n_alerts, f"{self.transport or ''} flow".strip())
        text = f"{who} to {whom}: {flows}"
        if self.n_ports == 1:
            text += f", port {self.ports[0]}"
        elif self.n_ports:
            text += f", {counted(self.n_ports, 'port')}"
        if self.duration_s:
            text += f", {quantity(self.duration_s * 1e6, 'us')}"
        return text if self.label is None else f"{text}; {visible(self.label, limit=40)}"


def _whom(address: str | None, name: str | None, number: int) -> str:
    if address is None:
        return f"{count(number)} hosts" if number else "unknown hosts"
    shown = visible(address, limit=80)
    return f"{shown} ({visible(name, limit=60)})" if name else shown
