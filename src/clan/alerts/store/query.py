"""What to look for in the store, as SQL with parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clan.alerts.store.rows import micros
from clan.alerts.suppression import Network, Suppression, lowered

Clause = tuple[str, list[object]]


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which alerts or incidents; what is None does not matter.

    Attributes:
        host: On either side.
        src: Originator (of an incident: its actor).
        dst: Responder (of an incident: its target).
        port: Of the responder; for alerts.
        protocol: IANA number; for alerts.
        label: Name of the class, in any case.
        since: Not before, by the end of the flow.
        until: Before.
        severity: This severe or more, 1 to 4.
        incident_id: Alerts of this incident.
        model_id: Of this model; for alerts.
        hidden: What suppressions hide as well.
        limit: At most so many, the latest; None: all.
    """

    host: Network | None = None
    src: Network | None = None
    dst: Network | None = None
    port: int | None = None
    protocol: int | None = None
    label: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    severity: int | None = None
    incident_id: str | None = None
    model_id: str | None = None
    hidden: bool = False
    limit: int | None = None

    def of_alerts(self) -> Clause:
        """Write the condition on the table of alerts."""
        parts = _Parts()
        parts.ends("src_ip", "dst_ip", self)
        parts.equal(
            port=("dst_port", self.port), protocol=("protocol", self.protocol),
            incident=("incident_id", self.incident_id), model=("model_id", self.model_id),
        )  # fmt: skip
        parts.shared(self, "time_us")
        if not self.hidden:
            parts.add("hidden_by IS NULL")
        return parts.clause()

    def of_incidents(self) -> Clause:
        """Write the condition on the table of incidents; what was merged into another is left out."""
        parts = _Parts()
        parts.add("merged_into IS NULL")
        parts.ends("actor", "target", self)
        parts.equal(incident=("incident_id", self.incident_id))
        parts.shared(self, "last_us")
        if not self.hidden:
            parts.add(VISIBLE_INCIDENT)
        return parts.clause()


VISIBLE_INCIDENT = (
    "EXISTS (SELECT 1 FROM alert WHERE alert.incident_id = incident.incident_id AND alert.hidden_by IS NULL)"
)


def hides(entry: Suppression) -> Clause:
    """Write which alerts a suppression hides: the same as `Suppression.matches`, for a whole table."""
    parts = _Parts()
    parts.equal(protocol=("protocol", entry.protocol), alert=("alert_id", entry.alert_id))
    if entry.label is not None:
        parts.add("lowered(label) = ?", lowered(entry.label))
    if entry.until is not None:
        parts.add("coalesce(time_us, stored_us) < ?", micros(entry.until))
    straight, reverse = _Parts(), _Parts()
    for side, src, dst, port in ((straight, "src_ip", "dst_ip", "dst_port"), (reverse, "dst_ip", "src_ip", "src_port")):
        for column, place in ((src, entry.src), (dst, entry.dst)):
            if place is not None:
                side.add(f"in_network({column}, ?)", str(place))
        side.equal(port=(port, entry.port))
    either = [straight, reverse] if entry.either else [straight]
    clauses = [part.clause() for part in either]
    parts.add(" OR ".join(f"({sql})" for sql, _ in clauses), *(value for _, values in clauses for value in values))
    return parts.clause()


class _Parts:
    """Conditions that must all hold."""

    def __init__(self) -> None:
        self._sql: list[str] = []
        self._values: list[object] = []

    def add(self, sql: str, *values: object) -> None:
        self._sql.append(f"({sql})")
        self._values += values

    def equal(self, **wanted: tuple[str, object]) -> None:
        for column, value in wanted.values():
            if value is not None:
                self.add(f"{column} = ?", value)

    def ends(self, src: str, dst: str, query: Query) -> None:
        if query.host is not None:
            self.add(f"in_network({src}, ?) OR in_network({dst}, ?)", str(query.host), str(query.host))
        for column, place in ((src, query.src), (dst, query.dst)):
            if place is not None:
                self.add(f"in_network({column}, ?)", str(place))

    def shared(self, query: Query, time: str) -> None:
        if query.label is not None:
            self.add("lowered(label) = ?", lowered(query.label))
        if query.severity is not None:
            self.add("severity <= ?", query.severity)
        for sign, moment in ((">=", query.since), ("<", query.until)):
            if moment is not None:
                self.add(f"{time} {sign} ?", micros(moment))

    def clause(self) -> Clause:
        return " AND ".join(self._sql) or "1", self._values
