"""A flow that is reported early and at its end is one flow, and alerts once."""

from __future__ import annotations

import polars as pl
import pytest
from tests.test_monitor import ListSink, make_flows

from clan import ClanDetector
from clan.monitor import EARLY, Monitor


@pytest.fixture(scope="module")
def detector() -> ClanDetector:
    return ClanDetector(fpr=0.05, epochs=2, random_state=0).fit(make_flows(300, 0))


def told(flows: pl.DataFrame, *, early: bool) -> pl.DataFrame:
    """A batch of a live source."""
    return flows.with_columns(early=pl.lit(early))


STRANGE, USUAL = make_flows(20, 1, scale=1e4), make_flows(20, 2)


def test_the_early_alert_is_the_only_one(detector: ClanDetector) -> None:
    sink = ListSink()
    monitor = Monitor(detector, sinks=[sink], keep_scored=True)
    first = monitor.handle(told(STRANGE, early=True))
    assert len(first) == 20
    assert {alert.category for alert in first} == {EARLY}
    assert monitor.outcome.n_flows == 0
    assert monitor.handle(told(STRANGE, early=False)) == []
    outcome = monitor.outcome
    assert (outcome.n_flows, outcome.n_alerts, outcome.n_withdrawn) == (20, 20, 0)
    assert [alert.uid for alert in sink.alerts] == STRANGE["uid"].to_list()
    assert pl.concat(outcome.scored)["uid"].to_list() == STRANGE["uid"].to_list()
    assert {alert.category for alert in outcome.alerts} == {"Anomalous flow"}  # what is kept is the final state
    assert len(outcome.alerts) == 20


def test_an_early_alert_that_does_not_hold_is_counted(detector: ClanDetector) -> None:
    monitor = Monitor(detector)
    quiet = USUAL.filter(pl.Series(detector.predict(USUAL) == 1))
    monitor.handle(told(STRANGE.with_columns(uid=USUAL["uid"]), early=True))
    monitor.handle(told(quiet, early=False))
    assert monitor.outcome.n_withdrawn == quiet.height
    assert monitor.outcome.n_alerts == 20
    monitor.handle(told(quiet, early=False))  # the same uid again would be another flow
    assert monitor.outcome.n_withdrawn == quiet.height


def test_a_flow_may_alert_at_its_end_only(detector: ClanDetector) -> None:
    monitor, plain = Monitor(detector), Monitor(detector)
    quiet = USUAL.filter(pl.Series(detector.predict(USUAL) == 1))
    assert monitor.handle(told(quiet, early=True)) == []
    alerts = monitor.handle(told(STRANGE, early=False))
    assert alerts == plain.handle(STRANGE)
    assert monitor.outcome.n_alerts == 20
