"""Flows without context get what their hosts did before them; flows with context keep theirs."""

from __future__ import annotations

import polars as pl
from tests.explain.test_explainer import benign_flows

from clan.explain import HISTORY
from clan.monitor.host_history import HostHistory
from clan.schema import IDENTITY


def scan(n: int) -> pl.DataFrame:
    """One host that tries another's ports, ten a second."""
    times = pl.Series(1_600_000_000_000_000 + 100_000 * pl.int_range(n, eager=True)).cast(pl.Datetime("us", "UTC"))
    missing = {name: kind for name, kind in IDENTITY.items() if name not in benign_flows(1, 0).columns}
    flows = benign_flows(n, 0).with_columns(
        *(pl.lit(None, kind).alias(name) for name, kind in missing.items()), ts_start=times, ts_end=times
    )
    return flows.with_columns(dst_port=pl.int_range(n, eager=True), source=pl.lit("x"))


def test_ports_are_counted_over_batches_and_nothing_else_changes() -> None:
    history, flows = HostHistory(), scan(60)
    told = pl.concat([history.add(flows[:25]), history.add(flows[25:])])
    assert told.select(flows.columns).equals(flows)
    assert told.columns[len(flows.columns) :] == [feature.name for feature in HISTORY]
    ports = told["ctx_pair_ports_60s"]
    assert ports[0] == 0
    assert 50 < ports[-1] < 59


def test_flows_with_context_or_without_hosts_are_left_alone() -> None:
    flows = scan(3)
    assert HostHistory().add(flows.clear()).columns == flows.columns
    assert HostHistory().add(flows.drop("src_ip")).columns == flows.drop("src_ip").columns
    told = flows.with_columns(ctx_src_flows_60s=pl.lit(7.0))
    assert HostHistory().add(told).equals(told)
