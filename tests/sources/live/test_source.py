"""A live source gives the flows of the packets that its tool writes, however they come, and says how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.flows import build
from tests.flows.run import SMALL, packets_in
from tests.sources.packets.capture import conversation

from clan.errors import ConfigError, SourceUnavailable
from clan.flows import EarlyReports, profile
from clan.sources import empty_flows, read_flows
from clan.sources.live import LiveSource, capture, source

Install = Callable[..., None]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def turns_until(
    live: LiveSource, condition: Callable[[], bool], each: Callable[[], None] = lambda: None
) -> list[pl.DataFrame]:
    """Give the source turns until something has happened; its batches."""
    batches: list[pl.DataFrame] = []
    for _ in range(2_000_000):
        batches += live.turn()
        each()
        if condition():
            return batches
    raise AssertionError("it did not happen")


@pytest.fixture
def opened() -> Iterator[Callable[..., LiveSource]]:
    sources: list[LiveSource] = []

    def open_source(**more: object) -> LiveSource:
        sources.append(LiveSource("lo", SMALL, **more))  # type: ignore[arg-type]
        return sources[-1]

    yield open_source
    for live in sources:
        live.close()


@pytest.mark.parametrize("mode", ["pieces", "burst"])
def test_flows_are_those_of_the_file(
    mode: str, install: Install, opened: Callable[..., LiveSource], recorded: Path
) -> None:
    install(mode)
    live = opened()
    n_packets = 4004
    reached = recorded.stat().st_size - 50
    batches = turns_until(live, lambda: live.bytes_read >= reached)
    live.stop()
    live.stop()
    batches += turns_until(live, lambda: live.ended)
    flows = pl.concat([empty_flows(), *batches])
    expected = read_flows(recorded, settings=SMALL)
    assert_frame_equal(flows.drop("source"), expected.drop("source"))
    assert flows["source"].unique().to_list() == ["lo"]
    counts = live.counts()
    assert (counts["packets"], counts["kernel_dropped_packets"]) == (n_packets, 7)
    assert live.warnings() == []
    assert live.failure is None
    assert list(live.turn()) == []


def test_quiet_link_ends_flows_by_the_clock(
    install: Install, opened: Callable[..., LiveSource], recorded: Path
) -> None:
    install("burst")
    clock = Clock()
    live = opened(clock=clock)
    turns_until(live, lambda: live.counts()["packets"] == 4004)
    clock.now += 1
    turns_until(live, lambda: live.capture.stream.drained)
    before = live.open_flows
    assert before == 2001
    clock.now += 60.5  # the UDP timeout, but not yet certain that no packet is on its way
    assert list(live.turn()) == []
    clock.now += 1.0
    udp = pl.concat(live.turn())
    assert udp.height == 2000
    assert live.open_flows == 1  # the TCP connection waits for its timeout, or an answer to its FIN
    clock.now += 120
    assert pl.concat(live.turn())["protocol"].to_list() == [6]


def test_truncated_end_is_told(install: Install, opened: Callable[..., LiveSource], tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(build.pcap(conversation(5))[:-3])
    install("quits", capture=cut)
    live = opened()
    flows = pl.concat(live.batches())
    assert packets_in(flows) == 13
    assert "incomplete record" in live.warnings()[0]
    assert live.failure == "quits stopped capturing on lo by itself"


def test_a_tool_that_dies_leaves_its_flows_and_its_reason(install: Install, opened: Callable[..., LiveSource]) -> None:
    install("dies")
    live = opened()
    assert pl.concat(live.batches()).height > 900
    assert live.failure == "dies cannot capture on lo: fake: pcap_loop: The interface disappeared"
    assert live.failure in live.warnings()


def test_a_tool_that_does_not_end_is_ended(
    install: Install, opened: Callable[..., LiveSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    install("deaf")
    clock = Clock()
    live = opened(clock=clock)
    turns_until(live, lambda: live.counts()["packets"] == 4004)
    live.stop()
    clock.now += capture.STOP_S + 1
    batches = turns_until(live, lambda: live.ended)
    assert sum(batch.height for batch in batches) == 2001
    assert live.failure is None


def test_overload_samples_new_flows_and_keeps_the_others_whole(
    install: Install, opened: Callable[..., LiveSource], recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every turn takes a little and three seconds, so the pipe is never found empty."""
    monkeypatch.setattr(source, "TURN_BYTES", 4096)
    install("burst")
    clock = Clock()
    live = opened(clock=clock)

    def pass_time() -> None:
        clock.now += 3

    batches = turns_until(live, lambda: live.counts()["packets"] == 4004, pass_time)
    assert live.pressure.one_in > 1
    live.stop()
    batches += turns_until(live, lambda: live.ended)
    flows, counts = pl.concat(batches).drop("source", "uid"), live.counts()
    assert counts["sampled_out_flows"] == 2001 - flows.height > 500
    assert counts["sampled_out_packets"] + packets_in(flows) == 4004
    everything = read_flows(recorded, settings=SMALL).drop("source", "uid")
    assert flows.join(everything, on=flows.columns, how="anti", nulls_equal=True).height == 0


def test_early_reports_have_their_own_batches(install: Install, opened: Callable[..., LiveSource]) -> None:
    install("quits")
    batches = list(opened(early=EarlyReports(packets=2, seconds=None)).batches())
    assert all(batch["early"].n_unique() == 1 for batch in batches)
    table = pl.concat(batches)
    assert table["early"].sum() == 2001
    assert set(table.filter("early")["uid"]) == set(table.filter(~pl.col("early"))["uid"])


@pytest.mark.parametrize(
    ("modes", "bpf", "error", "message"),
    [
        (["denied"], None, SourceUnavailable, r"no permission to capture on lo .*sudo setcap cap_net_raw"),
        (["no-device"], None, SourceUnavailable, "no-device cannot capture on lo: fake: eth0: No such device exists"),
        (["silent"], None, SourceUnavailable, "silent cannot capture on lo: it ended without a word"),
        (["bad-filter"], "tpc", ConfigError, "bad-filter does not understand the filter 'tpc'.*syntax error"),
        (["denied", "no-device"], None, SourceUnavailable, "no-device cannot capture"),
    ],
)
def test_tools_that_cannot_capture(
    modes: list[str], bpf: str | None, error: type[Exception], message: str, install: Install
) -> None:
    install(*modes)
    with pytest.raises(error, match=message):
        LiveSource("lo", SMALL, bpf=bpf)


def test_the_next_tool_is_tried_when_one_may_not_capture(install: Install, opened: Callable[..., LiveSource]) -> None:
    install("denied", "quits")
    assert opened().capture.tool.name == "quits"


def test_a_profile_without_idle_timeouts_is_refused(install: Install) -> None:
    install("burst")
    with pytest.raises(ConfigError, match="profile lycos has no idle timeouts"):
        LiveSource("lo", profile("lycos"))


def test_the_source_can_be_closed_at_any_time(install: Install) -> None:
    install("burst")
    for n in range(3):
        live = LiveSource("lo", SMALL)
        for _ in range(n):
            list(live.turn())
        live.close()
        live.close()
