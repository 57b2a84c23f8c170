"""Fields of the Elastic Common Schema that alerts use, with their types.

Written down from the field reference of ECS 8 (https://www.elastic.co/docs/reference/ecs/ecs-field-reference), which no
package ships; the schema's files are Apache-2.0 (https://github.com/elastic/ecs).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

FIELDS = {
    "@timestamp": "date",
    "message": "match_only_text",
    "tags": "keyword",
    "ecs.version": "keyword",
    "event.action": "keyword",
    "event.category": "keyword",
    "event.dataset": "keyword",
    "event.duration": "long",
    "event.end": "date",
    "event.id": "keyword",
    "event.kind": "keyword",
    "event.module": "keyword",
    "event.provider": "keyword",
    "event.reason": "keyword",
    "event.risk_score": "float",
    "event.risk_score_norm": "float",
    "event.severity": "long",
    "event.start": "date",
    "event.type": "keyword",
    "source.address": "keyword",
    "source.domain": "keyword",
    "source.ip": "ip",
    "source.port": "long",
    "destination.address": "keyword",
    "destination.domain": "keyword",
    "destination.ip": "ip",
    "destination.port": "long",
    "network.community_id": "keyword",
    "network.iana_number": "keyword",
    "network.inner.vlan.id": "keyword",
    "network.transport": "keyword",
    "network.type": "keyword",
    "network.vlan.id": "keyword",
    "observer.product": "keyword",
    "observer.type": "keyword",
    "observer.vendor": "keyword",
    "observer.version": "keyword",
    "related.ip": "ip",
    "rule.category": "keyword",
    "rule.id": "keyword",
    "rule.name": "keyword",
    "rule.ruleset": "keyword",
    "rule.version": "keyword",
    "threat.framework": "keyword",
    "threat.tactic.name": "keyword",
    "threat.technique.id": "keyword",
    "threat.technique.name": "keyword",
}
ALLOWED = {
    "event.kind": {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"},
    "event.category": {"intrusion_detection", "network", "threat"},
    # those that both of our categories may have
    "event.type": {"allowed", "denied", "info"},
    "network.type": {"ipv4", "ipv6"},
}
LISTS = {"tags", "event.category", "event.type", "related.ip", "threat.tactic.name", "threat.technique.id",
         "threat.technique.name"}  # fmt: skip
OWN = "clan"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def leaves(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field with its dotted name, those of our own object left out."""
    for key, each in value.items():
        name = f"{path}{key}"
        if name == OWN:
            continue
        if isinstance(each, dict):
            yield from leaves(each, f"{name}.")
        else:
            yield name, each


def mistakes(document: dict[str, Any]) -> list[str]:
    """What Elasticsearch or the schema would not take."""
    found = [f"{name} is required" for name in ("@timestamp", "ecs.version") if name not in dict(leaves(document))]
    for name, value in leaves(document):
        if name not in FIELDS:
            found.append(f"{name} is no field")
            continue
        if isinstance(value, list) != (name in LISTS):
            found.append(f"{name} is {value!r}")
        values = value if isinstance(value, list) else [value]
        found += [f"{name}: {each!r} is no {FIELDS[name]}" for each in values if not _is(each, FIELDS[name])]
        found += [f"{name}: {each!r}" for each in values if name in ALLOWED and each not in ALLOWED[name]]
    return found


def _is(value: Any, kind: str) -> bool:
    if kind in ("long", "float"):
        return type(value) is (int if kind == "long" else float) and -(2**63) <= value < 2**63
    if not isinstance(value, str):
        return False
    return {"date": lambda: bool(_DATE.fullmatch(value)), "ip": lambda: _is_ip(value)}.get(kind, lambda: True)()


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value
