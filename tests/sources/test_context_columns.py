"""Readers add the context to what sources give: each stream for itself, whoever reads it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.flows import build
from tests.sources.packets.capture import conversation

from clan.context import ContextEngine
from clan.errors import ConfigError
from clan.flows import FlowSettings
from clan.schema import CONN_MEASURED, IDENTITY, features_of
from clan.sources import FlowReader, read_flows
from clan.sources.context_columns import ContextColumns
from clan.sources.groups import wanted_groups
from clan.sources.packets import PacketSource

GROUPS = ("context", "flow")


@pytest.fixture
def captures(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{name}.pcap" for name in "ab"]
    for path in paths:
        path.write_bytes(build.pcap(conversation()))
    return [str(path) for path in paths]


def test_context_needs_conn_and_shows_only_what_was_asked_for(captures: list[str]) -> None:
    flows = read_flows(captures, features=GROUPS)
    assert flows.columns == [*IDENTITY, *(f.name for f in features_of(GROUPS))]


def test_without_conn_only_what_the_context_needs_of_it_is_made(captures: list[str]) -> None:
    settings = FlowSettings()
    (given,) = PacketSource(captures[:1], settings, features=("flow", "context")).batches()
    assert given.columns == [*IDENTITY, *(f.name for f in features_of(["flow"])), *CONN_MEASURED]
    both = read_flows(captures, features=("flow", "conn", "context"))
    assert_frame_equal(read_flows(captures, features=("flow", "context")), both.drop(_names("conn")), check_exact=True)


def _names(group: str) -> list[str]:
    return [feature.name for feature in features_of([group])]


def test_every_file_starts_without_context(captures: list[str]) -> None:
    alone = read_flows(captures[1], features=GROUPS)
    together = read_flows(captures, features=GROUPS)
    assert_frame_equal(together.tail(alone.height), alone, check_exact=True)


def test_workers_change_nothing(captures: list[str]) -> None:
    assert_frame_equal(
        read_flows(captures, features=GROUPS, workers=2), read_flows(captures, features=GROUPS), check_exact=True
    )


def test_counters_are_in_the_report(captures: list[str]) -> None:
    reader = FlowReader(captures, features=GROUPS)
    list(reader.batches())
    assert reader.report.counts["context_evictions"] == 0
    assert "context_evictions" in reader.report.counts


def test_streams_that_take_turns_keep_their_own_context(captures: list[str]) -> None:
    one, other = (read_flows(path, features=("flow", "conn")) for path in captures)
    columns = ContextColumns(("flow", "context"))
    turns = [(part, name) for i in range(one.height) for part, name in ((one[i], "one"), (other[i], "other"))]
    found = [columns.add(part, name) for part, name in turns]
    expected = ContextEngine().add(one).select(found[0].columns)
    assert_frame_equal(pl.concat(found[::2]), expected, check_exact=True)


def test_a_source_without_conn_has_no_context() -> None:
    with pytest.raises(ConfigError, match="cannot tell feature group 'context'"):
        wanted_groups(["context"], told=("flow",), kind="packets")
