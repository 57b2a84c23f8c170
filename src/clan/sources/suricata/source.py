"""Suricata's `eve.json` as a source of flows, with its own alerts carried along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import polars as pl

from clan.sources.records import Parsed, by_word, first_object, parse_ndjson, record_opener, service_columns
from clan.sources.suricata.eve import FIELDS, flows_of, netflows_of

MOST_ALERTS: Final = 1 << 17
"""Alerts that wait for the end of their flow; the oldest leave first, and are counted."""


class EveParser:
    """What is particular to EVE.

    A log with `flow` events is read by them; one with `netflow` events alone by those, both directions joined.

    Args:
        _path: Where it lies.
        keep_records: Keep each line.
        follow: The log grows.
    """

    kind = "suricata"

    def __init__(self, _path: str, *, keep_records: bool = False, follow: bool = False) -> None:
        self._keep = "record" if keep_records else None
        self._types: Counter[str] = Counter()
        self._forgotten = 0
        self._waiting: pl.DataFrame | None = None  # the last netflow event, without its other direction
        self._alerts = pl.DataFrame(schema={"flow_id": pl.String(), "source_alert": pl.String()})

    def parse(self, piece: bytes) -> Parsed:
        """Make rows of the flow events among whole lines, and remember the alerts."""
        out = parse_ndjson(piece, FIELDS, keep=self._keep)
        events = out.frame
        out.counts["records"] += events.height + out.counts["malformed_records"]
        types = events["event_type"].value_counts()
        found = {str(name): int(count) for name, count in types.iter_rows()}
        self._types.update(found)
        self._remember(_of_type(events, "alert", found))
        flows = flows_of(_of_type(events, "flow", found))
        netflow = self._netflow(_of_type(events, "netflow", found))
        used = found.get("flow", 0) + (found.get("netflow", 0) if netflow is not None else 0)
        out.counts["records_of_other_types"] += events.height - used
        out.frame = flows if netflow is None else pl.concat([flows, netflow])
        return out

    def _netflow(self, events: pl.DataFrame) -> pl.DataFrame | None:
        """Join the directions of `netflow` events, unless there are `flow` events, which say the same and more."""
        if self._types["flow"] or not events.height:
            return None
        if self._waiting is not None:
            events, self._waiting = pl.concat([self._waiting, events]), None
        last = events["flow_id"][-1]
        if events.height == 1 or events["flow_id"][-2] != last:  # its other direction may follow
            events, self._waiting = events[:-1], events[-1:]
        return netflows_of(events)

    def rest(self) -> Parsed | None:
        """Give the flow that waited for its other direction."""
        waiting, self._waiting = self._waiting, None
        return None if waiting is None else Parsed(netflows_of(waiting))

    def _remember(self, alerts: pl.DataFrame) -> None:
        """Keep the first alert of each flow until its end."""
        if not alerts.height:
            return
        signature = pl.col("alert").struct.field("signature").fill_null("")
        rows = alerts.select(flow_id=pl.col("flow_id").cast(pl.String), source_alert=signature).drop_nulls("flow_id")
        together = pl.concat([self._alerts, rows]).unique("flow_id", keep="first", maintain_order=True)
        self._forgotten += max(together.height - MOST_ALERTS, 0)
        self._alerts = together.tail(MOST_ALERTS)

    def enrich(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Name the services, and say what Suricata raised on each flow."""
        frame = by_word(frame, "service", service_columns())
        frame = frame.join(self._alerts, left_on="uid", right_on="flow_id", how="left", maintain_order="left")
        if self._alerts.height:
            self._alerts = self._alerts.join(frame.select("uid"), left_on="flow_id", right_on="uid", how="anti")
        unnamed = pl.when(pl.col("alerted")).then(pl.lit("(its alert is not in this log)"))
        return frame.with_columns(pl.coalesce("source_alert", unnamed)).drop("service", "alerted")

    def header_in(self, _head: bytes) -> bytes:
        """Give nothing: events explain themselves."""
        return b""

    def counts(self) -> dict[str, int]:
        """Give how many events there were of each type, and alerts that were forgotten before their flow ended."""
        known = {f"{name}_events": n for name, n in self._types.items() if name in _TYPES}
        other = sum(n for name, n in self._types.items() if name not in _TYPES)
        return {**known, "other_events": other, "forgotten_alerts": self._forgotten}

    def warnings(self) -> list[str]:
        """Say that there were no flow events, and how to get them."""
        if self._types and not self._types["flow"] and not self._types["netflow"]:
            return ["it has no flow events: add flow to the types of eve-log in suricata.yaml"]
        return []

    def close(self) -> None:
        """Do nothing: nothing is open."""


def _of_type(events: pl.DataFrame, name: str, found: Mapping[str, int]) -> pl.DataFrame:
    """Give the events of a type; copies nothing where they are all, or none."""
    n = found.get(name, 0)
    if n in (0, events.height):
        return events[:n]
    return events.filter(pl.col("event_type") == name)


_TYPES: Final = frozenset(
    {"alert", "anomaly", "dns", "drop", "fileinfo", "flow", "ftp", "http", "krb5", "mqtt", "netflow", "nfs", "quic"}
    | {"rdp", "sip", "smb", "smtp", "snmp", "ssh", "stats", "tls"}
)
"""Types that are counted by name; a name is never taken from the log."""


open_eve = record_opener(EveParser)
"""Opens an eve.json, or the parts of one, as `clan.sources.formats.SourceFormat` has it."""


def is_eve(head: bytes, _path: str) -> bool:
    """Recognise EVE by its first event. The alerts that clan wrote are events of the same form, and no log of flows."""
    first = first_object(head)
    alert = first.get("alert")
    if isinstance(alert, dict) and str(alert.get("signature")).startswith("clan: "):
        return False
    return isinstance(first.get("event_type"), str) and "timestamp" in first
