"""Figures for Prometheus, on a port of their own.

Names follow Prometheus' conventions (base units, `_total` for counters). Labels are severities, reasons and names of
sinks and classes, whose number is bounded; an address is never a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from clan.alerts import SEVERITIES
from clan.alerts.text import visible
from clan.drift import Advice, HoldingState, Verdict
from clan.errors import MissingExtra, SourceUnavailable
from clan.watch.snapshot import P_VALUE_BOUNDS, Snapshot, TriageState

if TYPE_CHECKING:
    from prometheus_client import Metric

MOST_LABELS: Final = 64
"""Values of one label that are told apart; the others are added up as `other`."""


class Metrics:
    """Answers Prometheus with the latest snapshot; a context manager.

    Args:
        address: Where to listen.
        port: Where to listen; 0 takes a port that is free.

    Raises:
        MissingExtra: The library is not there.
        SourceUnavailable: The port is taken, or the address is none of this machine.
    """

    def __init__(self, address: str, port: int) -> None:
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError as error:
            raise MissingExtra("prometheus_client", "metrics", "serve figures to Prometheus") from error
        self._snapshot: Snapshot | None = None
        registry = CollectorRegistry()
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(port, addr=address, registry=registry)
        except OSError as error:
            raise SourceUnavailable(
                f"cannot serve metrics on {address}:{port}: {error.strerror or error}; set another metrics.port"
            ) from error
        self.port: int = self._server.server_port

    def update(self, snapshot: Snapshot) -> None:
        """Take over how it goes now."""
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of the latest snapshot; nothing before the first."""
        if self._snapshot is not None:
            yield from _metrics(self._snapshot)

    def close(self) -> None:
        """Release the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Metrics:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _metrics(shown: Snapshot) -> Iterator[Metric]:
    status, holding = shown.status, shown.holding
    yield from _counters(
        ("clan_flows", "Flows that were scored.", shown.n_flows),
        (f"clan_{status.unit}", f"{status.unit.capitalize()} that were read.", status.packets),
        ("clan_alerts_withdrawn", "Alerts on open flows that their end did not confirm.", shown.n_withdrawn),
        ("clan_scoring_seconds", "Time spent on scoring flows.", shown.scoring_s),
        ("clan_recalibrations", "Times that the threshold was set anew on schedule.", shown.recalibrations),
        ("clan_recalibrations_refused", "Times that this was refused.", shown.recalibrations_refused),
        ("clan_reloads", "Times that settings were read anew.", shown.reloads),
        ("clan_reloads_refused", "Times that new settings or a new model were refused.", shown.refused),
    )
    yield _by_label(
        "clan_alerts",
        "Flows that alert, by severity.",
        "severity",
        {name: shown.severities.get(level, 0) for level, name in SEVERITIES.items()},
    )
    yield _by_label("clan_named_alerts", "Flows that alert, by the name that they were given.", "name", shown.labels)
    yield _by_label(
        "clan_dropped",
        "Packets, records, and what belongs to them, that are in no flow, by reason.",
        "reason",
        shown.drops,
    )
    yield from _gauges(
        ("clan_open_flows", "Flows under way.", status.open_flows),
        ("clan_following_one_in", "One new flow in so many is followed.", status.one_in),
        ("clan_behind_seconds", "For how long reading has been behind the source.", status.behind_s),
        ("clan_resident_memory_bytes", "Resident memory.", shown.memory_bytes),
        ("clan_uptime_seconds", "Since the start.", shown.seconds),
    )
    yield from _holding(holding)
    yield from _triage(shown.triage)
    yield _info(shown)
    yield _p_values(shown)
    yield from _sinks(shown.sinks)


def _holding(state: HoldingState) -> Iterator[Metric]:
    """Make the figures of the budget and of drift, for the model in use."""
    from prometheus_client.core import GaugeMetricFamily

    yield from _gauges(
        ("clan_budget_flows", "Flows scored by the model in use.", state.n_flows),
        ("clan_budget_alerts", "Alerts of the model in use.", state.n_alerts),
        ("clan_budget_expected_alerts", "Alerts that its budget expects among as many benign flows.", state.expected),
        ("clan_budget_expected_alerts_low", "Lower end of the 95 % prediction interval.", state.interval[0]),
        ("clan_budget_expected_alerts_high", "Upper end of the 95 % prediction interval.", state.interval[1]),
        ("clan_budget_rate_low", "Lower end of the confidence sequence of the rate.", state.rate_interval[0]),
        ("clan_budget_rate_high", "Upper end of the confidence sequence of the rate.", state.rate_interval[1]),
        ("clan_drift_score_index", "Population stability index of the p-values.", state.score_drift),
        ("clan_drift_features_moved", "Features of the model that have moved much.", state.n_moved),
    )
    for name, meaning, label, options, found in (
        ("clan_budget_verdict", "Whether the budget holds.", "verdict", get_args(Verdict), state.verdict),
        ("clan_advice", "What should be done about the model.", "advice", get_args(Advice), state.advice),
    ):
        family = GaugeMetricFamily(name, meaning, labels=[label])
        for option in options:
            family.add_metric([option], int(option == found))
        yield family


def _triage(state: TriageState) -> Iterator[Metric]:
    yield from _counters(
        ("clan_incidents", "Incidents.", state.n_incidents),
        ("clan_incidents_closed_early", "Incidents that were closed since too many were open.", state.n_evicted),
        ("clan_alerts_hidden", "Alerts that a suppression hid.", state.n_hidden),
        ("clan_alerts_limited", "Alerts over the limit of their host.", state.n_limited),
    )
    yield from _gauges(("clan_open_incidents", "Incidents that may still grow.", state.n_open))
    if state.stored is not None:
        yield from _counters(
            ("clan_store_alerts", "Alerts that were committed to the store.", state.stored),
            ("clan_store_lost", "Alerts and incidents that the store gave up.", state.lost),
        )
        yield from _gauges(
            ("clan_store_waiting", "Alerts and incidents that wait for room on the disk.", state.waiting),
            ("clan_store_bytes", "Size of the store.", state.store_bytes),
        )


def _counters(*entries: tuple[str, str, float]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    for name, meaning, value in entries:
        yield CounterMetricFamily(name, meaning, value=value)


def _gauges(*entries: tuple[str, str, float]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    for name, meaning, value in entries:
        yield GaugeMetricFamily(name, meaning, value=value)


def _by_label(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    """Make a counter with one label, the largest values of it told apart."""
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, meaning, labels=[label])
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    for key, value in ordered[:MOST_LABELS]:
        family.add_metric([visible(key, limit=80)], value)
    if len(ordered) > MOST_LABELS:
        family.add_metric(["other"], sum(value for _, value in ordered[MOST_LABELS:]))
    return family


def _info(shown: Snapshot) -> Metric:
    from prometheus_client.core import InfoMetricFamily

    return InfoMetricFamily("clan_model", "The model in use.", value={"model_id": shown.model_id})


def _p_values(shown: Snapshot) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    buckets = [(repr(bound), n) for bound, n in zip(P_VALUE_BOUNDS, shown.p_values, strict=True)]
    return HistogramMetricFamily(
        "clan_p_value",
        "p-values of flows; those of benign flows are uniform.",
        buckets=[*buckets, ("+Inf", shown.n_flows)],
        sum_value=shown.p_value_sum,
    )


def _sinks(sinks: Mapping[str, Mapping[str, Any]]) -> Iterable[Metric]:
    """Make the figures of sinks: what they took, sent, tried again, hold and lost."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    for key, meaning in (
        ("emitted", "Alerts that a sink was given."),
        ("sent", "Alerts that a sink has delivered."),
        ("retried", "Tries of a sink that failed and are made again."),
    ):
        family = CounterMetricFamily(f"clan_sink_{key}", meaning, labels=["sink"])
        for name, counters in [*sinks.items()][:MOST_LABELS]:
            family.add_metric([visible(name, limit=80)], counters.get(key, 0))
        yield family
    waiting = GaugeMetricFamily("clan_sink_spooled", "Alerts that wait for a sink's receiver.", labels=["sink"])
    lost = CounterMetricFamily("clan_sink_dropped", "Alerts that a sink gave up.", labels=["sink", "reason"])
    for name, counters in [*sinks.items()][:MOST_LABELS]:
        waiting.add_metric([visible(name, limit=80)], counters.get("spooled", 0))
        for reason, n in counters.get("dropped", {}).items():
            lost.add_metric([visible(name, limit=80), reason], n)
    yield waiting
    yield lost
