"""Records as rows: columns for what is searched, and the whole record as MessagePack beside them.

MessagePack keeps what JSON cannot (infinite values), and its decoder checks types and runs nothing.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.errors import DataError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODE = msgspec.msgpack.Encoder().encode
_ALERT = msgspec.msgpack.Decoder(Alert)
_INCIDENT = msgspec.msgpack.Decoder(Incident)

ALERT_COLUMNS = (
    "alert_id", "uid", "source", "incident_id", "time_us", "stored_us", "src_ip", "src_port", "dst_ip", "dst_port",
    "protocol", "p_value", "anomaly_score", "severity", "label", "model_id", "hidden_by", "body", "feature_set",
    "features",
)  # fmt: skip
INCIDENT_COLUMNS = (
    "incident_id", "state", "merged_into", "first_us", "last_us", "stored_us", "actor", "target", "pattern", "n_alerts",
    "severity", "label", "body",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FeatureRows:
    """The model's features of flows that alert.

    Attributes:
        names: Columns, in the order of the model.
        values: Shape `(n_alerts, n_features)`; NaN where the source cannot tell.

    Raises:
        DataError: As many columns as names were expected.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise DataError(f"expected {len(self.names)} columns of features, got shape {self.values.shape}")


def alert_row(
    alert: Alert, *, stored_us: int, hidden_by: str | None, feature_set: int | None, features: bytes | None
) -> tuple[object, ...]:
    """Make the row of an alert; in the order of `ALERT_COLUMNS`."""
    return (
        alert.alert_id, alert.uid, alert.source, alert.incident_id, micros(alert.when), stored_us,
        alert.src_ip, alert.src_port, alert.dst_ip, alert.dst_port, alert.protocol, alert.p_value, alert.anomaly_score,
        alert.severity, alert.label, alert.model_id, hidden_by, _ENCODE(alert), feature_set, features,
    )  # fmt: skip


def incident_row(incident: Incident, *, stored_us: int) -> tuple[object, ...]:
    """Make the row of an incident; in the order of `INCIDENT_COLUMNS`."""
    return (
        incident.incident_id, incident.state, incident.merged_into, micros(incident.first_seen),
        micros(incident.last_seen), stored_us, incident.actor, incident.target, incident.pattern, incident.n_alerts,
        incident.severity, incident.label, _ENCODE(incident),
    )  # fmt: skip


def upsert(table: str, columns: Sequence[str], key: Sequence[str], keep: Sequence[str] = ()) -> str:
    """Write the statement that inserts a row, or renews all of it but its key and what is to be kept."""
    places = ", ".join("?" * len(columns))
    renewed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (*key, *keep))
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) "  # noqa: S608 - names of our own tables
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {renewed}"
    )


def alert_of(body: bytes, incident_id: str | None) -> Alert:
    """Read an alert back; it may have moved to another incident since it was written."""
    alert = _ALERT.decode(body)
    return alert if alert.incident_id == incident_id else replace(alert, incident_id=incident_id)


def floats(data: bytes) -> NDArray[np.float64]:
    """Read features back."""
    return np.frombuffer(data, dtype="<f8").astype(np.float64)


def feature_names(connection: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """Give the columns of each set of features."""
    rows = connection.execute("SELECT id, names FROM feature_set").fetchall()
    return {number: tuple(json.loads(names)) for number, names in rows}


def incident_of(body: bytes) -> Incident:
    """Read an incident back."""
    return _INCIDENT.decode(body)


def micros(moment: datetime | None) -> int | None:
    """Microseconds of the epoch."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def moment(time_us: int | None) -> datetime | None:
    """The time in UTC."""
    return None if time_us is None else _EPOCH + timedelta(microseconds=time_us)


def now_us() -> int:
    """What time it is."""
    return time.time_ns() // 1000
