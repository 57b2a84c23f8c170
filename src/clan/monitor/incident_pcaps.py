"""The packets behind incidents: a small pcap for each, cut from the captures that were read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from clan.alerts import Alert, Incident
from clan.errors import SinkError, SourceError
from clan.sources import Frame, WantedFlow, cut_flows, write_pcap

MOST_INCIDENTS = 50
"""Incidents that get a pcap, the worst ones."""
_NOT_KEPT = (
    "none of its alerts was kept, for they were over the limit of their host (--alerts-per-host) or not among the "
    "least likely, or they do not say when; with --store the first alert of each incident is kept"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


class Written(NamedTuple):
    """What was written.

    Attributes:
        files: Incident id to its number of packets.
        without: Incidents of which no packets were found, and why.
    """

    files: dict[str, int]
    without: dict[str, str]


def write_incident_pcaps(
    folder: str | Path,
    incidents: Sequence[Incident],
    alert_of: Mapping[str, Alert],
    parts_of: Callable[[str], Sequence[str]],
) -> Written:
    """Write `INCIDENT.pcap` for each incident: the first packets of its representative flows.

    Args:
        folder: Where to; made where it is not there.
        incidents: Worst first; at most `MOST_INCIDENTS` of them are done.
        alert_of: Alerts by their ids, as far as they are known.
        parts_of: Name of a stream to its files.

    Raises:
        SinkError: The folder or a file cannot be written.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"packets cannot be written to {folder}: {error.strerror or error}") from error
    chosen = incidents[:MOST_INCIDENTS]
    written = Written({}, {})
    for source in dict.fromkeys(incident.source for incident in chosen):
        here = [incident for incident in chosen if incident.source == source]
        flows, owner = _flows(here, alert_of)
        try:
            frames = cut_flows(parts_of(source), flows) if flows else []
        except SourceError as error:
            written.without.update({incident.incident_id: str(error) for incident in here})
            continue
        for incident in here:
            name = incident.incident_id
            own: list[Frame] = [f for kept, whose in zip(frames, owner, strict=True) if whose == name for f in kept]
            if own:
                written.files[name] = write_pcap(Path(folder, f"{name}.pcap"), own)
            elif name in owner:
                written.without[name] = "none of its flows was found in the capture"
            else:
                written.without[name] = _NOT_KEPT
    return written


def _flows(incidents: Sequence[Incident], alert_of: Mapping[str, Alert]) -> tuple[list[WantedFlow], list[str]]:
    """Give the representative flows of incidents, and whose they are."""
    flows, owner = [], []
    for incident in incidents:
        for name in incident.alert_ids:
            alert = alert_of.get(name)
            flow = None if alert is None else _flow(alert)
            if flow is not None:
                flows.append(flow)
                owner.append(incident.incident_id)
    return flows, owner


def _flow(alert: Alert) -> WantedFlow | None:
    if alert.src_ip is None or alert.dst_ip is None or alert.protocol is None:
        return None
    if alert.timestamp is None or alert.ts_end is None:
        return None
    first, last = ((moment - _EPOCH) // _US for moment in (alert.timestamp, alert.ts_end))
    return WantedFlow(alert.src_ip, alert.src_port, alert.dst_ip, alert.dst_port, alert.protocol, first, last)
