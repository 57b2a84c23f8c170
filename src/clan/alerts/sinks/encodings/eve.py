r"""Alerts as Suricata EVE JSON, one object a line.

The line keeps to Suricata's own schema: no keys of ours in `alert` or `flow`, and everything that Suricata does not
know lies in `alert.metadata`, whose values are lists of strings there. The features that explain an alert are lists of
the same length and order: `feature`, `feature_value`, `feature_unit`, `benign_quantile`, `benign_low`,
`benign_high`, `reason`, `feature_family` (the columns that go with each, with blanks between) and `normal_value` (in
the benign flow most like this one). `sentence` says it for a person, `explained_by` how it was found, `score_without`
the score once the features and their families are replaced by benign values, `nearest_normal` and `history` what is
normal beside it and what its hosts did before. Numbers in these strings are exact (`repr`).

Where `p_extrapolated` is `true`, no benign flow of the calibration scored as high, and the p-value comes from a fitted
tail. A model that names flows adds `label` (a class or `unknown`), `likeliest_label` and the probability of the latter,
`label_probability`. `alert_id` is what `clan verdict` and `clan alerts show` take; grouped alerts add `incident_id`,
and a file of hosts `src_name`, `src_group`, `dst_name` and `dst_group`. `source_alert` is what the source itself raised
on the flow.

What Suricata would count and we do not know is left out rather than made up: `flow.bytes_toserver` counts whole
packets, the flow table knows payload, so the payload is given as `payload_bytes_toserver` in the metadata.

The generator id is private to clan, so that `gen_id 2509, sig_id 1` in a threshold.config or a rule of a SIEM means
these alerts whatever model raised them; the model is in the metadata and retraining breaks no suppression. Incidents
are `sig_id 2`; their counts, their ports and the ids of some of their alerts are in the metadata.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.json_line import json_line

GENERATOR_ID = 2509
"""EVE `gid` of every alert of clan: none of Suricata's or Snort's generators has it."""
SIGNATURE_ID = 1
"""EVE `signature_id` of an anomalous flow, named or not: what suppresses one must not depend on labels."""
INCIDENT_ID = 2
"""EVE `signature_id` of an incident."""
REVISION = 1
"""EVE `rev`: rises when the meaning of the line changes."""
SIGNATURE = "clan: flow unlike benign traffic"
INCIDENT_SIGNATURE = "clan: incident"

_repr = lru_cache(maxsize=4096)(repr)
"""For numbers that are the same in most alerts."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Eve:
    """EVE lines; see the module."""

    def __init__(self) -> None:
        self.name, self.container = "eve", Container()

    def encode(self, event: Event) -> bytes:
        """Write an event as one line without its end."""
        return json_line(_incident(event) if isinstance(event, Incident) else _event(event))


def encoding(_: str) -> Eve:
    """Make the encoding."""
    return Eve()


def encode(alert: Alert) -> str:
    r"""Write an alert as one EVE line, without its end.

    The line is ASCII: control characters, line separators and everything beyond ASCII are ``\u`` escapes, and so are
    ``<``, ``>``, ``&`` and DEL, so that the text is as harmless in a terminal or a page as in a parser.

    A flow without times gets the epoch as `timestamp`, which EVE demands, and `time` = `unavailable` in the metadata.
    """
    return json_line(_event(alert)).decode("ascii")


def encode_stats(when: datetime, stats: dict[str, Any]) -> str:
    """Write a statistics record as one EVE line of type `stats`, without its end."""
    return json_line({"timestamp": _stamp(when), "event_type": "stats", "stats": stats}).decode("ascii")


def flow_id(uid: str) -> int:
    """Number a flow by its uid: stable from run to run, below 2^51 as Suricata's own, so that JavaScript keeps it."""
    return int.from_bytes(hashlib.sha256(uid.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 13


def _event(alert: Alert) -> dict[str, Any]:
    event = {
        "timestamp": _stamp(alert.timestamp or alert.ts_end or _EPOCH),
        "flow_id": flow_id(alert.uid),
        "event_type": "alert",
        "vlan": _vlans(alert.vlan or ""),
        "src_ip": alert.src_ip,
        "src_port": alert.src_port,
        "dest_ip": alert.dst_ip,
        "dest_port": alert.dst_port,
        "proto": alert.transport,
        "community_id": alert.community_id,
        "alert": {
            "action": "allowed",
            "gid": GENERATOR_ID,
            "signature_id": SIGNATURE_ID,
            "rev": REVISION,
            "signature": SIGNATURE,
            "category": alert.category,
            "severity": alert.severity,
            "metadata": _metadata(alert),
        },
        "flow": _flow(alert),
    }
    return {key: value for key, value in event.items() if value is not None and value != {}}


def _vlans(text: str) -> list[int] | None:
    """The tags as numbers, outermost first; None without any."""
    return [int(tag) for tag in text.split(".") if len(tag) <= 5 and tag.isascii() and tag.isdigit()] or None


def _flow(alert: Alert) -> dict[str, Any]:
    known = {
        "pkts_toserver": alert.packets_fwd,
        "pkts_toclient": alert.packets_bwd,
        "start": None if alert.timestamp is None else _stamp(alert.timestamp),
        "end": None if alert.ts_end is None else _stamp(alert.ts_end),
    }
    return {key: value for key, value in known.items() if value is not None}


def _metadata(alert: Alert) -> dict[str, list[str]]:
    why = alert.reasons
    known: dict[str, list[str]] = {
        "anomaly_score": [repr(alert.anomaly_score)],
        "p_value": [repr(alert.p_value)],
        "p_extrapolated": ["true" if alert.p_extrapolated else "false"],
        "threshold": [_repr(alert.threshold)],
        "alpha": [_repr(alert.alpha)],
        "model_id": [alert.model_id],
        "alert_id": [alert.alert_id],
        "uid": [alert.uid],
        "source": [alert.source],
        "feature": [r.feature for r in why],
        "feature_value": [repr(r.value) for r in why],
        "feature_unit": [r.unit for r in why],
        "benign_quantile": [_repr(r.benign_quantile) for r in why],
        "benign_low": [_repr(r.benign_low) for r in why],
        "benign_high": [_repr(r.benign_high) for r in why],
        "reason": [r.sentence for r in why],
        "feature_family": [" ".join(r.family) if r.family else "" for r in why],
        "normal_value": ["" if r.normal_value is None else repr(r.normal_value) for r in why],
        "explained_by": [alert.explained_by],
    }
    told = {
        "sentence": [alert.sentence] if alert.sentence else [],
        "score_without": [] if alert.score_without is None else [repr(alert.score_without)],
        "nearest_normal": [flow.sentence for flow in alert.nearest],
        "history": [fact.sentence for fact in alert.history],
    }
    known |= {key: lines for key, lines in told.items() if lines}
    for key, count in (("toserver", alert.payload_bytes_fwd), ("toclient", alert.payload_bytes_bwd)):
        if count is not None:
            known[f"payload_bytes_{key}"] = [str(count)]
    if alert.label is not None:
        known["label"] = [alert.label]
    if alert.likeliest_label is not None and alert.label_probability is not None:
        known |= {"likeliest_label": [alert.likeliest_label], "label_probability": [repr(alert.label_probability)]}
    for key in ("source_alert", "incident_id", "src_name", "src_group", "dst_name", "dst_group"):
        if (text := getattr(alert, key)) is not None:
            known[key] = [text]
    if alert.tunnel:
        known["tunnel"] = [alert.tunnel]
    if alert.timestamp is None:
        known["time"] = ["unavailable" if alert.ts_end is None else "end of flow"]
    return known


@lru_cache(maxsize=1024)
def _stamp(moment: datetime) -> str:
    """ISO 8601 with microseconds and +0000, as Suricata writes it; a line says some times twice."""
    there = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return there.isoformat(timespec="microseconds")[:-6] + "+0000"


def _incident(incident: Incident) -> dict[str, Any]:
    """An incident as an alert of its own signature; what has more than one value in it lies in the metadata."""
    metadata: dict[str, list[str]] = {
        "incident_id": [incident.incident_id],
        "state": [incident.state],
        "pattern": [incident.pattern],
        "sentence": [incident.sentence],
        "anomaly_score": [repr(incident.anomaly_score)],
        "p_value": [repr(incident.p_value)],
        "model_id": [incident.model_id],
        "source": [incident.source],
        "n_alerts": [str(incident.n_alerts)],
        "n_limited": [str(incident.n_limited)],
        "n_actors": [str(incident.n_actors)],
        "n_targets": [str(incident.n_targets)],
        "n_ports": [str(incident.n_ports)],
        "port": [str(port) for port in incident.ports],
        "alert_id": list(incident.alert_ids),
        "feature": list(incident.reasons),
    }
    technique = incident.technique
    for key, text in (
        ("label", incident.label),
        ("merged_into", incident.merged_into),
        ("mitre_technique_id", None if technique is None else technique.technique_id),
        ("mitre_technique_name", None if technique is None else technique.name),
        ("actor_name", incident.actor_name),
        ("actor_group", incident.actor_group),
        ("target_name", incident.target_name),
        ("target_group", incident.target_group),
        ("time", "unavailable" if incident.first_seen is None else None),
    ):
        if text is not None:
            metadata[key] = [text]
    event = {
        "timestamp": _stamp(incident.last_seen or incident.first_seen or _EPOCH),
        "event_type": "alert",
        "src_ip": incident.actor,
        "dest_ip": incident.target,
        "dest_port": incident.ports[0] if incident.n_ports == 1 else None,
        "proto": incident.transport,
        "alert": {
            "action": "allowed",
            "gid": GENERATOR_ID,
            "signature_id": INCIDENT_ID,
            "rev": REVISION,
            "signature": INCIDENT_SIGNATURE,
            "category": f"Incident, {incident.pattern.replace('_', ' ')}",
            "severity": incident.severity,
            "metadata": metadata,
        },
        "flow": {
            key: _stamp(moment)
            for key, moment in (("start", incident.first_seen), ("end", incident.last_seen))
            if moment is not None
        },
    }
    return {key: value for key, value in event.items() if value is not None and value != {}}
