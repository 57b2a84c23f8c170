"""A live reader watches several interfaces fairly, tells its state, stops on request, and accounts for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.flows.run import SMALL

from clan.errors import SourceUnavailable
from clan.sources import LiveReader, LiveStatus
from clan.sources.live import reader as reader_module
from clan.sources.live import source as source_module

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def _any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake tool does not care what the interface is called."""
    monkeypatch.setattr(source_module, "check_interface", lambda _: None)
    monkeypatch.setattr(reader_module, "STATUS_EVERY_S", 0)


def test_stop_flushes_everything(install: Install) -> None:
    install("pieces")
    reader = LiveReader(["one", "two", "one"], settings=SMALL)
    seen: list[LiveStatus] = []

    def watch(status: LiveStatus) -> None:
        seen.append(status)
        if status.packets == 2 * 4003:  # the fake keeps the last packet until it is stopped
            reader.stop()

    reader.on_status = watch
    flows = pl.concat(reader.batches())
    assert flows.group_by("source").len().sort("source").rows() == [("one", 2001), ("two", 2001)]
    for _, part in flows.group_by("source", maintain_order=True):
        assert part.equals(part.sort("ts_end", "uid"))
    report = reader.report
    assert (report.streams, report.flows, report.counts["packets"]) == (2, 4002, 2 * 4004)
    assert report.losses() == {"kernel_dropped_packets": 14}
    assert report.warnings == []
    assert seen[0].packets < seen[-1].packets
    assert seen[-1].open_flows > 0
    assert seen[0].kernel_dropped is None  # the fake tells at its end only
    assert (seen[-1].one_in, seen[-1].sampled_out) == (1, 0)


def test_an_end_that_nobody_asked_for_is_an_error_after_the_flows(install: Install) -> None:
    install("dies")
    reader = LiveReader(["one"], settings=SMALL)
    batches: list[pl.DataFrame] = []
    with pytest.raises(SourceUnavailable, match="The interface disappeared"):
        batches.extend(reader.batches())
    assert pl.concat(batches).height == reader.report.flows > 900


def test_no_flow_is_no_error(install: Install, tmp_path: Path, recorded: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(recorded.read_bytes()[:24])
    install("burst", capture=empty)
    reader = LiveReader(["one"], settings=SMALL)
    reader.on_status = lambda _: reader.stop()
    assert list(reader.batches()) == []
    assert reader.report.flows == 0


def test_all_or_none(install: Install) -> None:
    install("denied")
    with pytest.raises(SourceUnavailable, match="no permission"):
        LiveReader(["one", "two"], settings=SMALL)


def test_a_reader_that_is_left_ends_its_tools(install: Install) -> None:
    install("burst")
    reader = LiveReader(["one"], settings=SMALL)
    batches = reader.batches()
    reader.on_status = lambda _: reader.stop()
    next(batches)
    batches.close()  # type: ignore[attr-defined]  # it is a generator
    assert reader.sources[0].capture._process.returncode is not None
