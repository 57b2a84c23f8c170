"""What may be asked of files of flows that clan wrote, and how their flows were cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clan.errors import ConfigError
from clan.flows import FlowSettings
from clan.schema import GROUPS, KINDS, TABLE, features_of
from clan.sources.groups import CONTEXT, USUAL, usual_groups
from clan.sources.tabular import STORED, Stored


def groups_of_stored(features: Sequence[str] | None, *, told: tuple[str, ...], kind: str, file: str) -> tuple[str, ...]:
    """Check the feature groups that somebody wants of files of flows.

    Args:
        features: Names of groups; None: all that they have; `USUAL`: what a detector should look at.
        told: The groups that all of them have.
        kind: What their flows were read from.
        file: One of them, for the message.

    Raises:
        ConfigError: They lack a group; the message says whether what they were read from could tell it.

    Example:
        >>> groups_of_stored(None, told=("flow", "conn"), kind="packets", file="a")
        ('flow', 'conn')
        >>> groups_of_stored(("flow", "context"), told=("flow", "conn"), kind="packets", file="a")
        ('flow', 'context')
    """
    if not told:
        raise ConfigError(f"{file} and the other files have no feature group in common; read each by itself")
    if features is None:
        return told
    if tuple(features) == USUAL:
        return (*usual_groups(told), *(group for group in told[1:] if group == TABLE))
    wanted = tuple(dict.fromkeys(features))
    have = {*told, CONTEXT} if "conn" in told else {*told}
    missing = [group for group in wanted if group not in have]
    if missing:
        never = [g for g in missing if kind != STORED and not any(f.told_by(kind) for f in features_of([g]))]
        if never:
            raise ConfigError(
                f"{file} holds flows of {KINDS[kind]}, which cannot tell feature group "
                f"{' and '.join(map(repr, never))}; it has {', '.join(told)}"
            )
        needed = ",".join(dict.fromkeys(group for group in (*wanted, *told) if group in GROUPS))
        raise ConfigError(
            f"{file} lacks feature group {' and '.join(map(repr, missing))}: clan wrote it with the columns of "
            f"{', '.join(told)}; write it anew from what its flows were read from, with clan flows --features {needed}"
        )
    return wanted


def settings_of_stored(stored: Mapping[str, Stored], files: Sequence[str], asked: FlowSettings) -> FlowSettings:
    """Give the settings by which the flows of some files were cut.

    Args:
        stored: The files that clan wrote.
        files: All files; captures are among them where there are more.
        asked: How captures are cut.

    Returns:
        What the files say; what was asked for, where they say nothing.

    Raises:
        ConfigError: Some were cut otherwise than others.
    """
    by = {file: told.settings for file, told in stored.items() if told.settings is not None}
    if not by:
        return asked
    first, settings = next(iter(by.items()))
    others = by if len(stored) == len(files) else {**by, "captures": asked}
    different = next((file for file, cut in others.items() if cut != settings), None)
    if different is not None:
        raise ConfigError(
            f"the packets of {first} were cut into flows by other settings than those of {different}, and one model "
            "learns from one way: read those that agree, or write the flows anew (clan flows --profile)"
        )
    return settings
