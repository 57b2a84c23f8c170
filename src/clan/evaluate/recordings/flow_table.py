"""The flows of all labelled captures as one table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from clan.errors import ClanWarning
from clan.evaluate.recordings.display_filter import flow_condition
from clan.evaluate.recordings.index import Recording, read_index
from clan.sources import FlowReader

GROUPS = ("flow", "conn", "context", "payload")
"""Feature groups that are read."""

ABOUT = ("capture", "label", "network", "choosing", "timing_flag", "same_traffic", "position", "count")
"""Columns that say what a flow belongs to: see `clan.evaluate.recordings.Recording`; `position` is the number of flows
of its capture before it, `count` all of them."""


def read_recordings(folder: str | Path, *, groups: Sequence[str] = GROUPS) -> pl.DataFrame:
    """Read the benign and the attack captures of a list.

    The context of each flow comes from its whole capture; then what an `attack_filter` does not mean is left out.

    Args:
        folder: Where `index.csv` and the captures are.
        groups: Feature groups.

    Returns:
        A flow table with the columns `ABOUT` at its end. Captures without a flow are not in it.

    Raises:
        SourceError: The list or a capture cannot be read.
    """
    recordings = {str(Path(folder, each.file)): each for each in read_index(folder)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClanWarning)
        flows = pl.concat(list(FlowReader(list(recordings), features=groups, workers=1).batches()))
    flows = flows.with_columns(
        position=pl.int_range(pl.len()).over("source").cast(pl.Float64),
        count=pl.len().over("source").cast(pl.Float64),
    )
    parts = flows.partition_by("source", maintain_order=True, as_dict=True)
    return pl.concat([_labelled(part, recordings[str(source)]) for (source,), part in parts.items()])


def _labelled(flows: pl.DataFrame, recording: Recording) -> pl.DataFrame:
    """Say of the flows of a capture what they are, and leave out those that are not."""
    if recording.attack_filter is not None:
        flows = flows.filter(flow_condition(recording.attack_filter))
    return flows.with_columns(
        capture=pl.lit(recording.file),
        label=pl.lit(recording.label),
        network=pl.lit(recording.network),
        choosing=pl.lit(recording.choosing),
        timing_flag=pl.lit(recording.timing_flag, pl.String),
        same_traffic=pl.lit(recording.same_traffic, pl.String),
    ).select(pl.exclude(ABOUT), *ABOUT)
