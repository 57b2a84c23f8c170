"""The context engine equals its definition, whatever the batches, and forgets what it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.context.flow_lists import EPOCH, table
from tests.context.reference import context_of

from clan.context import ContextEngine, ContextSettings
from clan.errors import ConfigError, SchemaError
from clan.schema import GROUPS

NAMES = [feature.name for feature in GROUPS["context"]]
SMALL = ContextSettings(max_entities=16, max_links=16)


def flow_lists(early: bool = False) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of flows among few hosts and ports, with steps of time back and forth."""
    step = st.sampled_from([0.0, 0.0, 0.5, 3.0, 20.0, 200.0, -1.0, 2000.0, 3601.0, -4000.0])
    flag = st.integers(0, 1)
    one = st.fixed_dictionaries(
        {
            "step": step,
            "lasts_s": st.sampled_from([0.0, 0.5, 30.0]),
            "src": st.sampled_from(["10.0.0.1", "2001:db8::1", "10.0.0.3"]),
            "dst": st.sampled_from(["10.0.0.2", "10.0.0.3"]),
            "port": st.sampled_from([53, 80, None]),
            "protocol": st.sampled_from([6, 17]),
            "fwd_packets": st.integers(0, 4),
            "bwd_packets": st.integers(0, 2),
            "fwd_bytes": st.sampled_from([0, 60, 66, 1000, 1015, 1 << 40]),
            "bwd_bytes": st.sampled_from([0, 60, 1000]),
            "fwd_syn": flag,
            "bwd_syn": flag,
            "fwd_rst": flag,
            "bwd_rst": flag,
            "early": st.booleans() if early else st.just(value=False),
        }
    )
    return st.lists(one, min_size=1, max_size=25).map(_timed)


def _timed(flows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ends = np.cumsum([flow["step"] for flow in flows]) + 10_000
    return [flow | {"end_s": float(end)} for flow, end in zip(flows, ends, strict=True)]


def added(frame: pl.DataFrame, size: int | None = None, engine: ContextEngine | None = None) -> pl.DataFrame:
    """The context of a table that is given in batches of a size."""
    engine = engine or ContextEngine()
    step = size or max(frame.height, 1)
    parts = [engine.add(frame[at : at + step]) for at in range(0, max(frame.height, 1), step)]
    return pl.concat(parts)


def as_reference(flows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same flows with a service for a port, as the reference tells them apart."""
    return [flow | {"port": (flow["port"], flow["protocol"])} for flow in flows]


@settings(max_examples=60)
@given(flow_lists(early=True))
def test_equals_its_definition(flows: list[dict[str, Any]]) -> None:
    found = added(table(flows, early=True)).select(NAMES)
    expected = pl.DataFrame(context_of(as_reference(flows)), schema=dict.fromkeys(NAMES, pl.Float64()))
    assert_frame_equal(found, expected, check_exact=False, rel_tol=1e-7, abs_tol=1e-7)


@settings(max_examples=20)
@given(flow_lists(early=True), st.integers(1, 7))
def test_does_not_depend_on_batches(flows: list[dict[str, Any]], size: int) -> None:
    frame = table(flows, early=True)
    assert_frame_equal(added(frame, size), added(frame), check_exact=True)


def test_long_tables_are_gone_through_in_order() -> None:
    rng = np.random.default_rng(0)
    flows = [{"end_s": float(n), "src": f"10.0.0.{rng.integers(9)}", "port": int(rng.integers(5))} for n in range(2500)]
    frame = table(flows)
    assert_frame_equal(added(frame, 333), added(frame), check_exact=True)


def test_input_is_left_alone_and_kept_in_front() -> None:
    frame = table([{"end_s": 1.0}, {"end_s": 2.0}])
    before = frame.clone()
    found = added(frame)
    assert_frame_equal(frame, before)
    assert found.columns == [*frame.columns, *NAMES]


def test_flows_without_hosts_or_times_have_no_context_and_leave_none() -> None:
    flows: list[dict[str, Any]] = [
        {"end_s": 1.0},
        {"end_s": 2.0, "src": None},
        {"end_s": 2.5, "ts_end": None},
        {"end_s": 3.0},
    ]
    found = added(table(flows)).select(NAMES)
    assert found[1:3].null_count().row(0) == (2,) * len(NAMES)
    assert_frame_equal(found[3], added(table([flows[0], flows[3]])).select(NAMES)[1])


def test_what_a_source_cannot_tell_is_null_and_counts_nowhere() -> None:
    unknown = {"bwd_packets": None, "fwd_bytes": None, "fwd_rst": None, "bwd_rst": None}
    found = added(table([{"end_s": 1.0} | unknown, {"end_s": 2.0, "bwd_packets": 0}, {"end_s": 3.0}]))
    told = {name for name in NAMES if found[name].null_count() == 0}
    assert {"ctx_src_flows_10s", "ctx_pair_regularity"} <= told
    assert found["ctx_src_unanswered_60s"][0] is None
    assert found["ctx_src_reset_15m"][0] is None
    assert found["ctx_src_bytes_out_15m"][0] is None
    weight = np.exp(-1 / 60)
    assert found["ctx_src_unanswered_60s"][2] == pytest.approx(weight / (weight + 1))


@pytest.mark.parametrize("gap_s", [3601.0, -3601.0])
def test_gaps_above_an_hour_start_anew(gap_s: float) -> None:
    engine = ContextEngine()
    found = added(table([{"end_s": 10_000.0}, {"end_s": 10_000.0 + gap_s}]), engine=engine)
    assert found["ctx_src_flows_15m"].to_list() == [0.0, 0.0]
    assert engine.counts()["context_restarts"] == 1


def test_another_stream_starts_anew() -> None:
    found = added(table([{"end_s": 1.0}, {"end_s": 2.0, "source": "b.pcap"}, {"end_s": 3.0, "source": "b.pcap"}]))
    assert found["ctx_src_flows_15m"].to_list() == pytest.approx([0, 0, np.exp(-1 / 900)])


def test_values_are_the_same_after_hours_of_other_traffic() -> None:
    """Nothing depends on how long the stream has been going, once it was seen for an hour."""
    busy: list[dict[str, Any]] = [
        {"end_s": 60.0 * n, "src": "10.9.0.1", "dst": "10.9.0.2", "port": 22} for n in range(1, 500)
    ]
    scan: list[dict[str, Any]] = [
        {"src": "10.0.0.1", "dst": "10.0.0.2", "port": n, "bwd_packets": 0} for n in range(1, 40)
    ]

    def after(hours: float) -> pl.DataFrame:
        start = hours * 3600
        flows = [f for f in busy if f["end_s"] < start] + [f | {"end_s": start + f["port"] / 10} for f in scan]
        return added(table(flows)).tail(len(scan)).select(NAMES)

    assert_frame_equal(after(2), after(7), check_exact=True)
    cold = after(0)
    known = [name for name in NAMES if cold[name].null_count() == 0]
    assert set(NAMES) - set(known) == {"ctx_new_peer", "ctx_new_service", "ctx_new_port"}
    assert_frame_equal(cold.select(known), after(7).select(known), check_exact=True)


def test_own_past_is_forgotten_when_windows_are_over() -> None:
    past = [{"end_s": float(n), "port": n} for n in range(50)]
    other = [{"end_s": 60.0 * n, "src": "10.9.0.1", "dst": "10.9.0.2"} for n in range(2, 800)]
    flow = {"end_s": 48_000.0, "port": 80}
    warm, cold = added(table([*past, *other, flow])), added(table([*other, flow]))
    assert_frame_equal(warm.tail(1).select(NAMES), cold.tail(1).select(NAMES), check_exact=False, abs_tol=1e-9)


def test_first_seen_is_null_until_it_can_be_told() -> None:
    flows = [{"end_s": 1000.0 * n} for n in range(5)] + [{"end_s": 4001.0, "dst": "10.0.0.9"}]
    found = added(table(flows))["ctx_new_peer"].to_list()
    assert found == [None, None, None, None, 0.0, 1.0]


def test_early_reports_look_and_leave_no_trace() -> None:
    flows = [{"end_s": 1.0}, {"end_s": 2.0, "early": True}, {"end_s": 3.0}]
    found = added(table(flows, early=True))["ctx_pair_flows_10s"].to_list()
    assert found == pytest.approx([0, np.exp(-0.1), np.exp(-0.2)])


def test_early_report_of_an_empty_stream() -> None:
    assert added(table([{"end_s": 2.0, "early": True}], early=True))["ctx_pair_flows_10s"].to_list() == [0.0]


def test_memory_is_bounded_in_a_flood_and_what_goes_is_counted() -> None:
    flood = [{"end_s": n / 1000, "src": f"10.1.{n // 256}.{n % 256}"} for n in range(600)]
    engine = ContextEngine(SMALL)
    found = added(table(flood), engine=engine)
    assert engine.counts()["context_evictions"] == 3 * 600 + 2 - 16 + 600 - 16
    exact = added(table(flood))
    # the victim is never silent, so it is never what has to go
    assert_frame_equal(found.select("ctx_dst_flows_60s"), exact.select("ctx_dst_flows_60s"), check_exact=True)


def test_what_is_evicted_does_not_depend_on_the_secret() -> None:
    rng = np.random.default_rng(1)
    flows = [
        {"end_s": n / 10, "src": f"10.0.0.{rng.integers(40)}", "dst": f"10.0.1.{rng.integers(40)}"} for n in range(400)
    ]
    one, other = (added(table(flows), 50, ContextEngine(SMALL)) for _ in range(2))
    assert_frame_equal(one, other, check_exact=True)


def test_hostile_times_do_no_harm() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    far = datetime(9999, 12, 31, tzinfo=UTC)
    times = [epoch, epoch, far, EPOCH, EPOCH - timedelta(seconds=5), epoch, far]
    flows = [{"end_s": 0.0, "ts_end": t, "ts_start": far if n % 2 else epoch} for n, t in enumerate(times)]
    engine = ContextEngine()
    found = added(table(flows), engine=engine).select(NAMES)
    assert all(column.drop_nulls().is_finite().all() for column in found)
    assert engine.counts() == {"context_evictions": 0, "context_restarts": 4, "context_backward_clock": 1}


def test_beacons_are_regular_and_chance_is_not() -> None:
    rng = np.random.default_rng(2)
    beacon = [{"end_s": 30.0 * n} for n in range(30)]
    chance = [{"end_s": float(t)} for t in np.cumsum(rng.exponential(30, 30))]
    even, odd = (added(table(flows))["ctx_pair_regularity"][-1] for flows in (beacon, chance))
    assert even > 0.85
    assert odd < 0.6


def test_empty_batch() -> None:
    found = ContextEngine().add(table([]))
    assert found.height == 0
    assert found.columns[-len(NAMES) :] == NAMES


def test_missing_columns_are_named() -> None:
    with pytest.raises(SchemaError, match="conn_bwd_rst"):
        ContextEngine().add(table([{"end_s": 1.0}]).drop("conn_bwd_rst"))


def test_settings_have_bounds() -> None:
    with pytest.raises(ConfigError, match="max_entities must be between 16"):
        ContextSettings(max_entities=2)


def test_no_address_or_port_is_a_feature() -> None:
    one: list[dict[str, Any]] = [
        {"end_s": float(n), "src": "10.0.0.1", "dst": "10.0.0.2", "port": 80 + n % 3} for n in range(20)
    ]
    same = [f | {"src": "2001:db8::7", "dst": "192.0.2.9", "port": 60_000 - f["port"]} for f in one]
    assert_frame_equal(added(table(one)).select(NAMES), added(table(same)).select(NAMES), check_exact=True)
