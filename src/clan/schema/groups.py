"""The feature groups, and the hash that ties a model to its columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from clan.errors import SchemaError, UnknownNameError
from clan.schema.conn_group import CONN_GROUP
from clan.schema.context_group import CONTEXT_GROUP
from clan.schema.feature import Feature
from clan.schema.flow_group import FLOW_GROUP
from clan.schema.payload_group import PAYLOAD_GROUP

GROUPS: dict[str, tuple[Feature, ...]] = {
    "flow": FLOW_GROUP,
    "conn": CONN_GROUP,
    "payload": PAYLOAD_GROUP,
    "context": CONTEXT_GROUP,
}
"""Group name to its features, in column order."""

TABLE = "table"
TABLE_PREFIX = "table_"
"""What the names of the user's own columns begin with in a flow table, so that they are taken for nothing else."""


def features_of(groups: Iterable[str]) -> tuple[Feature, ...]:
    """List the features of some groups, in the groups' order; `table` has no columns of its own.

    Raises:
        UnknownNameError: A group that does not exist.

    Example:
        >>> len(features_of(["flow"]))
        75
    """
    found: list[Feature] = []
    for group in groups:
        if group == TABLE:
            continue  # its columns are those of the user's table
        if group not in GROUPS:
            raise UnknownNameError("feature group", group, (*GROUPS, TABLE))
        found += GROUPS[group]
    return tuple(found)


def table_feature(name: str) -> Feature:
    """Describe a column that no other group knows: group `table`, unit unknown."""
    return Feature(
        name=name, unit="", integer=False, meaning="a column of the user's table", group="table", sources=("table",)
    )


def schema_hash(features: Sequence[Feature]) -> str:
    """Hash what a model must agree on with its input: names, units and order of the columns.

    Returns:
        16 hexadecimal digits of a SHA-256.

    Example:
        >>> schema_hash(features_of(["flow"])) == schema_hash(features_of(["flow"])[::-1])
        False
    """
    text = json.dumps([[f.name, f.unit, f.group] for f in features], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_columns(found: Iterable[str], features: Sequence[Feature], *, what: str) -> None:
    """Raise unless every feature is among the columns that were found.

    Args:
        found: Column names of the table at hand.
        features: What is needed.
        what: The table, as the message should call it.

    Raises:
        SchemaError: Names the missing columns and what to do.
    """
    have = set(found)
    missing = [f.name for f in features if f.name not in have]
    if missing:
        shown = ", ".join(missing[:8]) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
        raise SchemaError(
            f"{what} lacks {len(missing)} of the {len(features)} feature columns: {shown}. "
            f"Read it with clan.read_flows{_groups_asked(features)}, or train on the columns that it has."
        )


def _groups_asked(features: Sequence[Feature]) -> str:
    """Write how `clan.read_flows` is asked for the groups of some features; empty where one is of the user's table."""
    groups = tuple(dict.fromkeys(f.group for f in features))
    return "" if TABLE in groups else f"(..., features={groups})"
