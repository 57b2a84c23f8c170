"""Which feature groups are asked of a source, whether it can tell them, and their columns in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from clan.errors import ConfigError
from clan.schema import CONN_MEASURED, IDENTITY, features_of
from clan.sources.conn import complete

CONTEXT: Final = "context"
"""The group that no source measures: `clan.sources.context_columns` adds it to what they give."""

USUAL: Final = ("usual",)
"""In place of names of groups: all that a detector should look at, see `usual_groups`."""


def usual_groups(told: tuple[str, ...]) -> tuple[str, ...]:
    """Choose what a detector should look at: the flow itself, what its hosts did before it, and the first bytes.

    Args:
        told: The groups that a source can tell, first the one that it gives unless asked. The columns of a table stand
            for themselves.

    Example:
        >>> usual_groups(("flow", "conn", "payload")), usual_groups(("conn",)), usual_groups(("table", "conn"))
        (('flow', 'context', 'payload'), ('conn', 'context'), ('table',))
    """
    if told[0] == "table":
        return told[:1]
    context = (CONTEXT,) if "conn" in told or CONTEXT in told else ()
    return (told[0], *context, *(group for group in told if group == "payload"))


def check_groups(features: Sequence[str] | None) -> None:
    """Raise UnknownNameError where a group does not exist, whatever the source."""
    if isinstance(features, str):
        raise ConfigError(f"features are a list of groups, such as features=[{features!r}]; got the text {features!r}")
    if features is not None and tuple(features) != USUAL:
        features_of(features)


def wanted_groups(features: Sequence[str] | None, *, told: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Check the feature groups that somebody wants of a source.

    Args:
        features: Names of groups; None: the first that the source can tell; `USUAL`.
        told: The groups that it can tell, as `Source.groups` has them. Where `conn` is among them, `context` is, too:
            it follows from `conn`, addresses and times.
        kind: Its kind, for the message.

    Returns:
        The groups in the order asked for, each once.

    Raises:
        UnknownNameError: There is no such group.
        ConfigError: There is, but this source cannot tell it; the message says which kinds can. Or no group at all.

    Example:
        >>> wanted_groups(["conn", "flow", "conn"], told=("flow", "conn"), kind="packets")
        ('conn', 'flow')
    """
    if features is None:
        return told[:1]
    if tuple(features) == USUAL:
        return usual_groups(told)
    if "conn" in told and CONTEXT not in told:
        told = (*told, CONTEXT)
    wanted = tuple(dict.fromkeys(features))
    if not wanted:
        raise ConfigError(f"no feature group is asked for; {kind} can tell {', '.join(told)}")
    for group in wanted:
        sources = sorted({source for feature in features_of([group]) for source in feature.sources}) or ["table"]
        if group not in told:
            raise ConfigError(
                f"{kind} cannot tell feature group {group!r}: it comes from {', '.join(sources)}; "
                f"{kind} can tell {', '.join(told)}"
            )
    return wanted


def measured(groups: Sequence[str]) -> tuple[str, ...]:
    """Give what has to be measured, so that some groups can be computed from it.

    Example:
        >>> measured(["flow", "context"])
        ('flow', 'conn')
    """
    return tuple(dict.fromkeys("conn" if group == CONTEXT else group for group in groups))


def in_order(frame: pl.DataFrame, groups: Sequence[str]) -> pl.DataFrame:
    """Derive what follows from the measured columns, and put all columns in order.

    Args:
        frame: Identity columns, and what the source measured of each group; perhaps `early`, which stays at the end.
        groups: As they are wanted. For `context` without `conn` only the measured columns of that come along: nobody
            will see them, and what follows from them costs as much as the context itself.
    """
    own = [feature.name for feature in features_of([group for group in groups if group != CONTEXT])]
    if "conn" in groups:
        frame = complete(frame)
    elif CONTEXT in groups:
        own += CONN_MEASURED
    early = ["early"] if "early" in frame.columns else []
    return frame[[*IDENTITY, *own, *early]]
