"""What every source of flows promises: schema, order, counts, and that it can be closed at any time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.flows import build
from tests.sources.packets.capture import conversation
from tests.sources.suricata.events import flow, lines
from tests.sources.zeek.logs import connections, text

from clan.errors import SourceUnavailable
from clan.flows import FlowSettings
from clan.schema import CARRIED, IDENTITY, features_of
from clan.sources import FORMATS, Source


def schema_of(format_name: str) -> dict[str, pl.DataType]:
    """The columns of a format's tables, where nobody asks for other groups."""
    entry = FORMATS[format_name]
    carried = {} if entry.kind == "packets" else CARRIED
    return {**IDENTITY, **carried, **{f.name: f.dtype for f in features_of(entry.groups[:1])}}


def write_pcap(path: Path) -> int:
    """A capture with 20,000 flows, more than one batch; gives the flows."""
    path.write_bytes(build.pcap([*conversation(10_000), *conversation(9_998, start=build.START_US + 500_000_000)]))
    return 20_000


def write_zeek(path: Path) -> int:
    """A conn.log that is written a little out of order."""
    path.write_text(text(connections(70_000)))
    return 70_000


def write_eve(path: Path) -> int:
    """Events of flows, written a little out of order."""
    path.write_text(lines([flow(i) for n in range(0, 4000, 4) for i in (n + 1, n, n + 3, n + 2)]))
    return 4000


WRITERS: dict[str, Callable[[Path], int]] = {"pcap": write_pcap, "zeek": write_zeek, "eve": write_eve}
"""For each format, how to make an example of it."""


def test_every_format_has_an_example() -> None:
    assert WRITERS.keys() == FORMATS.keys()


@pytest.fixture(scope="module", params=sorted(FORMATS))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, int]:
    path = tmp_path_factory.mktemp("source") / "example"
    return request.param, path, WRITERS[request.param](path)


def open_source(example: tuple[str, Path, int]) -> Source:
    return FORMATS[example[0]].open([str(example[1])], FlowSettings(), strict=True)


def test_batches(example: tuple[str, Path, int]) -> None:
    source = open_source(example)
    batches = list(source.batches())
    assert all(dict(batch.schema) == schema_of(example[0]) for batch in batches)
    flows = pl.concat(batches)
    assert flows.height == example[2]
    assert min(batch.height for batch in batches) > 0
    assert flows.select("ts_end", "uid").equals(flows.select("ts_end", "uid").sort("ts_end", "uid"))
    assert flows["uid"].n_unique() == flows.height
    always = ["uid", "community_id", "ts_start", "ts_end", "src_ip", "dst_ip", "protocol", "source"]
    assert flows.select(always).null_count().sum_horizontal().item() == 0
    assert flows["source"].unique().to_list() == [source.name] == [str(example[1])]
    numbers = flows.select(f.name for f in features_of(source.groups[:1]) if not f.integer)
    assert numbers.select(pl.all().is_finite().all()).sum_horizontal().item() == numbers.width
    assert source.bytes_read == example[1].stat().st_size
    assert source.warnings() == []
    source.close()
    source.close()


def test_counts_can_be_asked_at_any_time_and_account_for_everything(example: tuple[str, Path, int]) -> None:
    source = open_source(example)
    assert not any(source.counts().values())
    seen = 0
    for batch in source.batches():
        seen += batch.height
        assert source.counts()["flows"] >= seen
    assert source.counts()["flows"] == seen
    assert all(isinstance(value, int) and value >= 0 for value in source.counts().values())
    source.close()


def test_closing_before_during_and_after(example: tuple[str, Path, int]) -> None:
    """Nothing is left open (a file that is would be a warning, and warnings are errors)."""
    open_source(example).close()
    source = open_source(example)
    next(source.batches())
    source.close()
    source.close()


def test_settings_are_what_a_model_remembers(example: tuple[str, Path, int]) -> None:
    source = open_source(example)
    assert dict(source.settings) == (FlowSettings().manifest() if source.kind == "packets" else {})
    assert source.kind == FORMATS[example[0]].kind
    source.close()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot read"):
        FORMATS[name].open([str(tmp_path / "missing")], FlowSettings(), strict=False)
