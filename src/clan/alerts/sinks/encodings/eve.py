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
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.json_line import json_line
from clan.alerts.reason import Reason
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container

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

_REASON_KEYS = (
    "feature", "feature_value", "feature_unit", "benign_quantile", "benign_low", "benign_high", "reason",
    "feature_family", "normal_value",
)  # fmt: skip
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
    start = _stamp(alert.timestamp)
    end = start if alert.ts_end == alert.timestamp else _stamp(alert.ts_end)
    flow = {"pkts_toserver": alert.packets_fwd, "pkts_toclient": alert.packets_bwd, "start": start, "end": end}
    event: dict[str, Any] = {
        "timestamp": start or end or _stamp(_EPOCH),
        "flow_id": flow_id(alert.uid),
        "event_type": "alert",
        "vlan": _vlans(alert.vlan) if alert.vlan else None,
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
        "flow": _known(flow) or None,
    }
    return _known(event)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _vlans(text: str) -> list[int] | None:
    """The tags as numbers, outermost first; None without any."""
    return [int(tag) for tag in text.split(".") if len(tag) <= 5 and tag.isascii() and tag.isdigit()] or None


def _metadata(alert: Alert) -> dict[str, Sequence[str]]:
    known: dict[str, Sequence[str]] = {
        "anomaly_score": [repr(alert.anomaly_score)],
        "p_value": [repr(alert.p_value)],
        "p_extrapolated": ["true" if alert.p_extrapolated else "false"],
        "threshold": [_repr(alert.threshold)],
        "alpha": [_repr(alert.alpha)],
        "model_id": [alert.model_id],
        "alert_id": [alert.alert_id],
        "uid": [alert.uid],
        "source": [alert.source],
        **_reasons(alert.reasons),
        "explained_by": [alert.explained_by],
    }
    if alert.sentence:
        known["sentence"] = [alert.sentence]
    if alert.score_without is not None:
        known["score_without"] = [repr(alert.score_without)]
    if alert.nearest:
        known["nearest_normal"] = [flow.sentence for flow in alert.nearest]
    if alert.history:
        known["history"] = [fact.sentence for fact in alert.history]
    named = alert.likeliest_label is not None and alert.label_probability is not None
    rest = {
        "payload_bytes_toserver": alert.payload_bytes_fwd,
        "payload_bytes_toclient": alert.payload_bytes_bwd,
        "label": alert.label,
        "likeliest_label": alert.likeliest_label if named else None,
        "label_probability": alert.label_probability if named else None,
        "source_alert": alert.source_alert,
        "incident_id": alert.incident_id,
        "src_name": alert.src_name,
        "src_group": alert.src_group,
        "dst_name": alert.dst_name,
        "dst_group": alert.dst_group,
        "tunnel": alert.tunnel or None,
    }
    known |= {key: [str(value)] for key, value in rest.items() if value is not None}
    if alert.timestamp is None:
        known["time"] = ["unavailable" if alert.ts_end is None else "end of flow"]
    return known


def _reasons(reasons: Sequence[Reason]) -> dict[str, Sequence[str]]:
    """Write reasons as lists of the same length; by the reason, not by the list, because that is much quicker."""
    rows = [
        (
            reason.feature,
            repr(reason.value),
            reason.unit,
            _repr(reason.benign_quantile),
            _repr(reason.benign_low),
            _repr(reason.benign_high),
            reason.sentence,
            " ".join(reason.family),
            "" if reason.normal_value is None else repr(reason.normal_value),
        )
        for reason in reasons
    ]
    return dict(zip(_REASON_KEYS, zip(*rows, strict=True) if rows else repeat(()), strict=False))


def _stamp(moment: datetime | None) -> str | None:
    """ISO 8601 with microseconds and +0000, as Suricata writes it; None for None."""
    if moment is None:
        return None
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
        "flow": _known({"start": _stamp(incident.first_seen), "end": _stamp(incident.last_seen)}) or None,
    }
    return _known(event)
