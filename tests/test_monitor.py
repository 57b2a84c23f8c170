"""The pipeline scores each flow once, alerts exactly where the detector does, and tells every sink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.alerts.attacks import make_alert

from clan import ClanDetector
from clan.alerts import Alert, IncidentTracker
from clan.alerts.sinks import Event
from clan.classify import FlowClassifier, Naming
from clan.errors import ModelFileError, SinkError
from clan.flows import FlowSettings
from clan.monitor import Monitor, check_source, flow_settings_of, held, write_incident_pcaps
from clan.schema import features_of
from clan.sources import empty_flows

FEATURES = [feature.name for feature in features_of(["flow"])]


class ListSink:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def emit(self, *events: Event) -> None:
        """Keep alerts."""
        self.alerts += [event for event in events if isinstance(event, Alert)]

    def close(self) -> None:
        """Nothing to release."""


def make_flows(n: int, seed: int, scale: float = 1.0) -> pl.DataFrame:
    """Random flows: integers for all features, times a second apart."""
    rng = np.random.default_rng(seed)
    schema = empty_flows().schema
    values = rng.integers(0, 1000, (len(FEATURES), n)) * scale
    times = 1_600_000_000_000_000 + 1_000_000 * np.arange(n)
    columns = {name: pl.Series(values[i]).cast(schema[name]) for i, name in enumerate(FEATURES)}
    columns |= {name: pl.Series(times).cast(schema[name]) for name in ("ts_start", "ts_end")}
    frame = pl.DataFrame(columns).with_columns(
        uid=pl.Series([f"C{seed}-{i}" for i in range(n)]),
        community_id=pl.lit("1:x"),
        src_ip=pl.lit("10.0.0.1"),
        dst_ip=pl.lit("10.0.0.2"),
        src_port=pl.lit(1000, pl.Int64),
        dst_port=pl.lit(80, pl.Int64),
        protocol=pl.lit(6, pl.Int64),
        source=pl.lit("test"),
        vlan=pl.lit("7.20"),
        tunnel=pl.lit(None, pl.String),
    )
    return frame.select(schema.names())


@pytest.fixture(scope="module")
def detector() -> ClanDetector:
    source = {"kind": "packets", "settings": FlowSettings(tcp_idle_timeout_s=33).manifest()}
    return ClanDetector(fpr=0.05, epochs=2, random_state=0).fit(make_flows(300, 0), source=source)


def test_alerts_are_the_rows_that_the_detector_predicts(detector: ClanDetector) -> None:
    flows = pl.concat([make_flows(200, 1), make_flows(50, 2, scale=1e4)])
    sinks = [ListSink(), ListSink()]
    monitor = Monitor(detector, sinks=sinks, keep_scored=True)
    for start in range(0, flows.height, 64):
        monitor.handle(flows.slice(start, 64))
    expected = flows.filter(pl.Series(detector.predict(flows) == -1))["uid"].to_list()
    assert len(expected) >= 50
    assert [a.uid for a in sinks[0].alerts] == expected
    assert sinks[0].alerts == sinks[1].alerts
    outcome = monitor.outcome
    assert (outcome.n_flows, outcome.n_alerts) == (250, len(expected))
    scored = pl.concat(outcome.scored)
    assert scored["p_value"].to_list() == detector.p_value(flows).tolist()


class FullSink(ListSink):
    """Cannot be written to."""

    def emit(self, *events: Event) -> None:
        """Fail."""
        raise SinkError("no space left")


def test_a_sink_that_fails_keeps_nothing_from_the_others(detector: ClanDetector) -> None:
    flows, sink = make_flows(50, 2, scale=1e4), ListSink()
    monitor = Monitor(detector, sinks=[FullSink(), sink])
    with pytest.raises(SinkError, match="no space left"):
        monitor.handle(flows)
    assert len(sink.alerts) == len(monitor.outcome.alerts) == monitor.outcome.n_alerts > 0


def test_incident_without_alerts_does_not_blame_the_capture(tmp_path: Path) -> None:
    (event,) = IncidentTracker().add(make_alert(1)).events
    written = write_incident_pcaps(tmp_path, [event], {}, lambda name: [name])
    assert list(written.without) == [event.incident_id]
    assert "--alerts-per-host" in written.without[event.incident_id]


class CountingNamer(FlowClassifier):
    """Remembers how many flows it was asked to name."""

    asked = 0

    def naming(self, X: Any) -> Naming:
        """Count, and name."""
        self.asked += X.height
        return super().naming(X)


def test_only_alerts_are_named_and_every_one(detector: ClanDetector) -> None:
    normal, strange = make_flows(200, 1), make_flows(50, 2, scale=1e4)
    flows = pl.concat([normal, strange])
    namer = CountingNamer(detector, random_state=0)
    namer.fit(pl.concat([normal[:20], strange[:20]]), np.repeat(["benign", "flood"], 20))
    sink = ListSink()
    monitor = Monitor(detector, namer=namer, sinks=[sink])
    for start in range(0, flows.height, 64):
        monitor.handle(flows.slice(start, 64))
    assert namer.asked == len(sink.alerts) == sum(monitor.outcome.labels.values()) < flows.height
    expected = dict(zip(flows["uid"], namer.name(flows), strict=True))
    assert [a.label for a in sink.alerts] == [expected[a.uid] for a in sink.alerts]
    assert monitor.outcome.labels["flood"] > 20
    assert all(0.5 <= a.label_probability <= 1 for a in sink.alerts if a.label_probability is not None)
    assert {a.likeliest_label for a in sink.alerts} <= {"benign", "flood"}


def test_kept_alerts_are_bounded_and_the_least_likely(detector: ClanDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 500
    monkeypatch.setattr("clan.monitor.pipeline.KEPT_ALERTS", most)
    monitor, sink = Monitor(detector), ListSink()
    counted = Monitor(detector, sinks=[sink])
    strange = make_flows(most + 1, 3, scale=1e4)
    for runs in (monitor, counted):
        runs.handle(strange)
        runs.handle(strange)
    assert len(sink.alerts) == counted.outcome.n_alerts == 2 * (most + 1)
    assert len(monitor.outcome.alerts) == most
    kept = {alert.p_value for alert in monitor.outcome.alerts}
    assert max(kept) <= sorted(a.p_value for a in sink.alerts)[most]


def test_flows_are_cut_as_in_training(detector: ClanDetector) -> None:
    assert flow_settings_of(detector) == FlowSettings(tcp_idle_timeout_s=33)


def test_a_model_of_a_table_does_not_score_captures() -> None:
    table = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(ModelFileError, match="a table without a source: it cannot score packets"):
        check_source(ClanDetector(fpr=0.1, epochs=1, random_state=0).fit(table), "packets")


def test_a_model_of_packets_does_not_score_records(detector: ClanDetector) -> None:
    check_source(detector, "packets")
    with pytest.raises(ModelFileError, match=r"trained on packets, .* Zeek logs.* cannot tell \d+ of its \d+ features"):
        check_source(detector, "zeek")


class Batches:
    """A source that ends."""

    kind = "packets"

    def __init__(self, *tables: pl.DataFrame) -> None:
        self.tables = tables

    def batches(self) -> Iterator[pl.DataFrame]:
        """Give the tables."""
        yield from self.tables


def test_a_bound_on_false_alerts_drops_those_that_chance_explains(detector: ClanDetector) -> None:
    normal, strange = make_flows(400, 1), make_flows(100, 2, scale=1e4)
    beyond = int((detector.predict(normal) == -1).sum())
    assert beyond
    for tables, expected in (((normal,), 0), ((normal, strange), 100)):
        sink, plain = ListSink(), ListSink()
        Monitor(detector, sinks=[plain]).run(Batches(*tables))  # type: ignore[arg-type]
        Monitor(detector, sinks=[sink], fdr=0.02).run(Batches(*tables))  # type: ignore[arg-type]
        assert len(plain.alerts) >= beyond
        assert len(sink.alerts) == pytest.approx(expected, abs=3)
        assert {a.uid for a in sink.alerts} <= {a.uid for a in plain.alerts}


def test_alerts_that_wait_are_bounded_and_the_likeliest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST", 10)
    waiting, n = held.HeldAlerts(0.5), 45
    p = np.random.default_rng(0).permutation(n) * 1e-6
    for start in range(0, n, 5):
        rows = slice(start, start + 5)
        waiting.hold(pl.DataFrame({"row": range(n)[rows], "p_value": p[rows], "alert": [True] * 5}))
        assert sum(part.height for part in waiting._waiting) <= 20
    given = waiting.release()
    assert given is not None  # each of so few flows is to be believed at such p-values
    assert 10 <= given.height <= 20
    assert given["row"].is_sorted()
    assert set(np.sort(p)[:10]) <= set(given["p_value"])
    assert waiting.release() is None


def test_features_that_no_flow_knows_are_told(detector: ClanDetector) -> None:
    monitor = Monitor(detector)
    monitor.handle(make_flows(300, 1))
    assert monitor.unknown.names == ()
    monitor.use(detector)
    empty = [feature.name for feature in detector.features_][:2]
    monitor.handle(make_flows(300, 1).with_columns(pl.lit(None, pl.Float64).alias(name) for name in empty))
    assert set(monitor.unknown.names) == set(empty)
    assert "unknown in all 300 flows" in monitor.unknown.sentence


def test_flows_of_the_training_are_no_reason_to_calibrate(detector: ClanDetector) -> None:
    monitor = Monitor(detector)
    monitor.handle(make_flows(300, 0))
    state = monitor.holding.state()
    assert (state.learnt_from, state.advice) == (True, "none")
    assert "flows that the model learnt from" in state.sentence
    monitor.use(detector)
    monitor.handle(make_flows(300, 1))
    assert not monitor.holding.state().learnt_from


def test_holding_follows_the_run(detector: ClanDetector) -> None:
    monitor = Monitor(detector)
    monitor.handle(make_flows(300, 1))
    assert monitor.holding.state().n_flows == 300
    monitor.handle(make_flows(300, 2, scale=1e4))
    state = monitor.holding.state()
    assert (state.verdict, state.n_flows) == ("above", 600)
    assert state.n_alerts == monitor.outcome.n_alerts
    monitor.use(detector)
    assert monitor.holding.state().n_flows == 0
