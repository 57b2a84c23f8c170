"""Under overload some new flows are not followed; those that are, are whole, and the others are counted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from tests.flows.build import ACK, ETHERNET, SYN, Frame
from tests.flows.reference import Packet
from tests.flows.run import SMALL, frame_of, packets_in, packets_of, run
from tests.flows.test_lifecycle import numbered, send

from clan.flows import FlowEngine

START = 10**15


def followed(parts: Sequence[tuple[int, Sequence[Frame]]]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Feed parts of a capture, each with its own k of "one in k"; gives all flows, and the counters."""
    engine = FlowEngine(SMALL, source="test")
    batches = []
    for one_in, frames in parts:
        engine.sample(one_in)
        batches += list(engine.feed(packets_of(frames, ETHERNET)))
    batches += engine.finish()
    counts = engine.counts()
    assert counts["packets_in_flows"] + counts["sampled_out_packets"] == counts["packets"]
    return pl.concat(batches), counts


def conversations(n: int, *, at: int = START, packets: int = 3) -> list[Frame]:
    """UDP packets of `n` clients in turn, both ways."""
    return [numbered(at + 1000 * (i + n * k), i, 17, 0) for k in range(packets) for i in range(n)]


@pytest.mark.parametrize("one_in", [2, 8, 64])
def test_share_that_is_followed(one_in: int) -> None:
    flows, counts = followed([(one_in, conversations(20_000))])
    assert flows.height + counts["sampled_out_flows"] == 20_000
    assert flows.height == pytest.approx(20_000 / one_in, rel=0.15)
    assert packets_in(flows) == 3 * flows.height
    assert counts["sampled_out_packets"] == 3 * counts["sampled_out_flows"]


def test_the_same_keys_are_followed_in_every_run() -> None:
    one, two = (followed([(4, conversations(500))])[0] for _ in range(2))
    assert one.equals(two)
    assert one.height < 250


def test_flows_under_way_are_never_cut() -> None:
    frames = conversations(300, packets=10)
    flows, counts = followed([(1, frames[:300]), (1024, frames[300:])])
    assert flows.drop("uid").equals(run(frames)[0].drop("uid"))
    assert counts["sampled_out_packets"] == 0


def test_a_flow_that_was_passed_over_is_not_taken_up_in_the_middle() -> None:
    frames = conversations(300, packets=10)
    flows, counts = followed([(4, frames[:600]), (1, frames[600:])])
    assert 0 < flows.height < 150
    assert packets_in(flows) == 10 * flows.height
    assert counts["sampled_out_flows"] == 300 - flows.height


def test_it_is_taken_up_after_its_idle_timeout() -> None:
    before, after = conversations(300), conversations(300, at=START + 70_000_000)
    flows, _ = followed([(4, before), (1, after)])
    assert flows.filter(pl.col("ts_start").dt.epoch("us") >= START + 70_000_000).height == 300


def test_a_new_connection_of_the_same_key_is_taken_up_at_once() -> None:
    first = [numbered(START + i, i, 6, SYN) for i in range(300)]
    first += [numbered(START + 999, i, 6, ACK) for i in range(300)]
    again = [numbered(START + 2000 + i, i, 6, SYN) for i in range(300)]
    flows, counts = followed([(8, first), (1, again)])
    passed = counts["sampled_out_flows"]
    assert 200 < passed < 300
    assert flows.height == 300
    assert counts["sampled_out_packets"] == 2 * passed


def test_a_long_flow_that_is_cut_goes_on_being_followed() -> None:
    frames = [send(60 * i) for i in range(100)]
    for one_in in (1, 1024):
        flows, _ = followed([(1, frames[:1]), (one_in, frames[1:])])
        assert flows.height == 4
        assert packets_in(flows) == 100


@pytest.mark.parametrize("one_in", [2, 3, 5])
def test_both_directions_agree(one_in: int) -> None:
    """Whoever of the two is heard first, the same conversations are followed."""
    keys = []
    for back in (False, True):
        frames = []
        for i in range(1000, 1400):
            client, server = ("10.1.0.1", i), ("10.0.0.2", 443)
            (src, src_port), (dst, dst_port) = (server, client) if back else (client, server)
            frames.append(frame_of(Packet(START + i, src, dst, 17, src_port, dst_port)))
        flows, _ = followed([(one_in, frames)])
        keys.append(set(flows["dst_port" if back else "src_port"]))
    assert keys[0] == keys[1]
    assert 400 / one_in * 0.6 < len(keys[0]) < 400 / one_in * 1.4
