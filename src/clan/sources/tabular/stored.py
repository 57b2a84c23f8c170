"""Flows that clan wrote to a file: which feature groups a file has, and what its flows were read from.

Parquet remembers that in its metadata, under the key `clan`. CSV and NDJSON have no place for it; there the columns
tell it as far as they can: group `flow` or `payload` comes of packets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from clan.errors import ConfigError
from clan.flows import PACKET_GROUPS, FlowSettings
from clan.schema import GROUPS, KINDS, TABLE, TABLE_PREFIX
from clan.sources.tabular.headers.own import OWN

STORED: Final = "flows"
"""The kind of a file whose flows came from nobody knows where."""
METADATA_KEY: Final = "clan"
_ORDER: Final = tuple(dict.fromkeys((*PACKET_GROUPS, *GROUPS)))
"""The groups as sources list them, first the one that is read when nobody asks for others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What a file of flows tells of itself.

    Attributes:
        kind: Kind of source that the flows were read from (`clan.schema.KINDS`); `STORED` where it does not say.
        groups: Feature groups that it has in full; `table` where it has columns of another table, too.
        settings: How packets were cut into its flows; None where it does not say, or where it was no packets.
    """

    kind: str
    groups: tuple[str, ...]
    settings: FlowSettings | None = None


def stored_of(names: Sequence[str], note: str | None = None) -> Stored | None:
    """Look at the columns of a file.

    Args:
        names: Its columns.
        note: What its metadata has under `METADATA_KEY`.

    Returns:
        None where clan did not write it, or where it holds nothing but the columns of somebody else's table.

    Example:
        >>> stored_of(["a", "b"]) is None
        True
    """
    have = set(names)
    groups = tuple(group for group in _ORDER if {feature.name for feature in GROUPS[group]} <= have)
    kind, settings = _read(note)
    if not OWN.fits(names) or not groups or kind == TABLE:
        return None
    if kind is None:
        kind = "packets" if {"flow", "payload"} & set(groups) else STORED
    more = (TABLE,) if any(name.startswith(TABLE_PREFIX) for name in names) else ()
    return Stored(kind=kind, groups=(*groups, *more), settings=settings)


def note_of(origin: Mapping[str, Any]) -> str:
    """Write what a file should remember of where its flows came from.

    Args:
        origin: As readers give it: kind, and for packets how they were cut.
    """
    cut = {"settings": origin["settings"]} if origin["kind"] == "packets" else {}
    return json.dumps({"kind": origin["kind"], **cut}, separators=(",", ":"))


def _read(note: str | None) -> tuple[str | None, FlowSettings | None]:
    """Read the kind and the settings of a note; None for what it does not tell."""
    try:
        told = json.loads(note or "null")
    except ValueError:
        return None, None
    if not isinstance(told, dict) or told.get("kind") not in KINDS:
        return None, None
    cut = told.get("settings")
    try:
        return told["kind"], FlowSettings.from_manifest(cut) if isinstance(cut, dict) else None
    except ConfigError:  # of a later clan
        return told["kind"], None
