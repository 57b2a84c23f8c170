"""The one pipeline: source -> flows -> detect -> alerts. Every command that detects runs this."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from msgspec.structs import replace

from clan.alerts import Agreement, Alert, Sink, Triage, alerts_from
from clan.alerts.sinks import counters_of
from clan.alerts.sinks.encodings.eve import encode_stats
from clan.alerts.store import FeatureRows
from clan.calibrate import OnlineFdr
from clan.detect import ClanDetector
from clan.detect.unknown import UnknownFeatures
from clan.drift import Holding
from clan.errors import SinkError
from clan.explain import Explainer
from clan.monitor.held import HeldAlerts
from clan.monitor.host_history import HostHistory
from clan.monitor.model import check_reader
from clan.schema import IDENTITY
from clan.sources import EndlessReader, FlowReader, LiveStatus
from clan.tables import TableWriter

if TYPE_CHECKING:
    from clan.classify import FlowClassifier

KEPT_ALERTS = 10_000
"""Alerts kept for the summary and the report, the least likely ones; all of them go to the sinks."""

SEARCHED = 256
"""Alerts of one batch whose reasons are searched; in a storm the others share them (`clan.explain`)."""

EARLY = "Anomalous flow, still open"
"""Category of an alert on the early report of a flow that goes on."""

_SCORE_COLUMNS = [*IDENTITY, "anomaly_score", "p_value", "p_extrapolated", "alert"]


@dataclass(kw_only=True)
class Outcome:
    """What a run found.

    Attributes:
        n_flows: Flows scored.
        n_alerts: Flows that alert, each counted once.
        agreement: The flows that the source itself alerted on, and those of them that are alerts here.
        labels: How many of the alerts have which name; empty where nothing names them.
        scoring_s: Seconds that scoring took.
        n_withdrawn: Flows among them whose early report alerted and whose end did not.
        alerts: The alerts with the lowest p-values, at most `KEPT_ALERTS`.
        scored: Identity and scores of every flow, when they were to be kept.
    """

    n_flows: int = 0
    n_alerts: int = 0
    n_withdrawn: int = 0
    scoring_s: float = 0.0
    agreement: Agreement = field(default_factory=Agreement)
    labels: Counter[str] = field(default_factory=Counter)
    alerts: list[Alert] = field(default_factory=list)
    scored: list[pl.DataFrame] = field(default_factory=list)


class Monitor:
    """Runs a detector over a source.

    A live source reports a long flow early as well as at its end. The early report may alert; the flow itself is
    counted, and its score is written, at its end only, and it alerts at most once.

    Args:
        detector: A fitted detector that was trained on the same kind of source.
        namer: What names the alerts, if anything: fitted, and of the same features. Other flows are never named.
        sinks: Where alerts go.
        triage: What is done with alerts before they go out (suppression, incidents, store), if anything.
        scores: Where the scores of all flows go, if anywhere.
        keep_scored: Keep identity and scores of every flow in memory, for a report.
        annotate: Where the records of the source go with their scores, if anywhere; nothing alerts then.
        observers: Told of each batch of flows that have ended, with identity, features, scores and `alert`.
        stats: Where the statistics of a live capture go, a line each, if anywhere.
        stats_every_s: How often, in seconds of the capture, and once more at its end.
        fdr: Share of the alerts that may be false, in (0, 1), on top of the detector's budget. None: as the detector
            was calibrated for. In a run that ends, alerts wait for its end (Benjamini-Hochberg over all its flows); in
            one that does not, each is decided at once (`clan.calibrate.OnlineFdr`). Early reports of flows that go on
            keep to the budget alone. `alert` in the scores says what is beyond the threshold.

    Attributes:
        outcome: What the run found so far.
        holding: Whether the budget holds so far, for the model in use (`clan.drift.Holding`).
        unknown: Which of its features no flow knows so far (`clan.detect.unknown.UnknownFeatures`).
    """

    def __init__(  # noqa: PLR0913 - where each kind of result goes
        self,
        detector: ClanDetector,
        *,
        namer: FlowClassifier | None = None,
        sinks: Sequence[Sink] = (),
        triage: Triage | None = None,
        scores: TableWriter | None = None,
        keep_scored: bool = False,
        annotate: Callable[[pl.DataFrame], None] | None = None,
        observers: Sequence[Callable[[pl.DataFrame], None]] = (),
        stats: Callable[[str], None] | None = None,
        stats_every_s: float = 60.0,
        fdr: float | None = None,
    ) -> None:
        self.use(detector, namer=namer)
        self.outcome = Outcome()
        self._sinks, self._scores, self._keep = sinks, scores, keep_scored
        self.triage, self._endless = triage, False
        self._annotate, self._observers = annotate, observers
        self._stats, self._stats_every_s = stats, stats_every_s
        self._stats_at = stats_every_s
        fdr = detector.calibration_.fdr if fdr is None else fdr
        self._fdr = None if fdr is None else OnlineFdr(fdr)
        self._held: HeldAlerts | None = None
        self._history = HostHistory()
        self._told: set[str] = set()  # uids that an early report has alerted on, until the flow ends

    def use(self, detector: ClanDetector, *, namer: FlowClassifier | None = None) -> None:
        """Score what comes from now on with another model, which has to fit the source (`LoadedModel.differences`)."""
        self.detector, self.namer, self.model_id = detector, namer, detector.model_id_
        self.holding = Holding(detector)
        self.unknown = UnknownFeatures(detector.features_, detector.exemplars_)
        self._explainer = Explainer(detector, most=SEARCHED)

    def run(self, reader: FlowReader | EndlessReader) -> Outcome:
        """Read everything, score it, send the alerts.

        Raises:
            NoFlows: There was no flow to score.
            SourceError: The source cannot be read.
            SinkError: A sink failed.
            ModelFileError: The model was trained on another kind of source.
        """
        check_reader(self.detector, reader)
        self._endless = isinstance(reader, EndlessReader)
        if isinstance(reader, EndlessReader):
            reader.on_stats = self.note if self._stats is not None else reader.on_stats
        elif self._fdr is not None:
            self._held = HeldAlerts(self._fdr.q)
        for batch in reader.batches():
            self.handle(batch)
        believed = None if self._held is None else self._held.release()
        if believed is not None:
            self._send(self._alerts_of(believed), believed)
        if self.triage is not None:
            self.triage.close()
        return self.outcome

    def note(self, status: LiveStatus) -> None:
        """Write the statistics of a live capture, when it is time to."""
        if self._stats is None or (status.seconds < self._stats_at and not status.ended):
            return
        self._stats_at = max(self._stats_at, status.seconds) + self._stats_every_s
        self._stats(encode_stats(datetime.now(UTC), self._statistics(status)))

    def _statistics(self, status: LiveStatus) -> dict[str, Any]:
        """Fill the places that Suricata has for these numbers; what only we know is below `clan`."""
        capture = {} if status.kernel_dropped is None else {"capture": {"kernel_drops": status.kernel_dropped}}
        return {
            "uptime": int(status.seconds),
            **capture,
            "decoder": {"pkts": status.packets, "bytes": status.counts.get("bytes", 0)},
            "detect": {"alert": self.outcome.n_alerts},
            "clan": {
                "flows": status.flows,
                "open_flows": status.open_flows,
                "following_one_in": status.one_in,
                "behind_s": round(status.behind_s, 1),
                "counts": dict(status.counts),
                "holding": self.holding.state().brief(),
                "features_unknown": len(self.unknown.names),
                "sinks": counters_of(self._sinks),
            },
        }

    def handle(self, flows: pl.DataFrame) -> list[Alert]:
        """Score one batch of flows and send its alerts; gives them, in the order of the flows."""
        began, outcome = time.perf_counter(), self.outcome
        scored = self.detector.judge(flows)
        outcome.scoring_s += time.perf_counter() - began
        scored = self._history.add(scored)
        if "early" in flows.columns and flows["early"].any():  # a batch holds reports of one kind
            return self._handle_early(scored)
        self.holding.update(scored)
        self.unknown.update(scored)
        outcome.agreement.hear(flows)
        alerting = self._believed(scored)
        alerts = self._settle(self._alerts_of(alerting), scored)
        self._send(alerts, alerting)
        self._pass_time(scored)
        narrow = scored.select(_SCORE_COLUMNS)
        if self._scores is not None:
            self._scores.write(narrow)
        if self._annotate is not None:
            self._annotate(scored)
        for observe in self._observers:
            observe(scored)
        if self._keep:
            outcome.scored.append(narrow)
        outcome.n_flows += flows.height
        return alerts

    def _believed(self, scored: pl.DataFrame) -> pl.DataFrame:
        """Give the flows beyond the threshold that alert now: all of them without a bound on false alerts."""
        if self._held is not None:
            self._held.hold(scored)
            return scored.clear()
        if self._fdr is None:
            return scored.filter("alert")
        return scored.filter(pl.Series(self._fdr.select(scored["p_value"].to_numpy(), scored["alert"].to_numpy())))

    def _handle_early(self, scored: pl.DataFrame) -> list[Alert]:
        """Send the alerts of flows that go on, and remember that they were sent."""
        alerting = scored.filter("alert")
        alerts = [replace(alert, category=EARLY) for alert in self._alerts_of(alerting)]
        self._told.update(alert.uid for alert in alerts)
        self._send(alerts, alerting)
        return alerts

    def _settle(self, alerts: list[Alert], scored: pl.DataFrame) -> list[Alert]:
        """Replace the early alerts on flows that have ended now; gives the alerts that are new."""
        if not self._told:
            return alerts
        ended = self._told.intersection(scored["uid"])
        final = {alert.uid: alert for alert in alerts if alert.uid in ended}
        self._told -= ended
        self.outcome.n_withdrawn += len(ended) - len(final)
        self.outcome.alerts = [_with_place(final.get(alert.uid, alert), alert) for alert in self.outcome.alerts]
        return [alert for alert in alerts if alert.uid not in final]

    def _alerts_of(self, alerting: pl.DataFrame) -> list[Alert]:
        """Make the records, with their reasons."""
        detector = self.detector
        alerts = alerts_from(
            alerting,
            self._explainer.explain(alerting, alerting["anomaly_score"].to_numpy()),
            threshold=detector.threshold_,
            alpha=detector.calibration_.alpha,
            model_id=self.model_id,
        )
        if self.namer is None or not alerts:
            return alerts
        found = self.namer.naming(alerting)
        columns = (found.name.tolist(), found.likeliest.tolist(), found.probability.tolist())
        return [
            replace(alert, label=name, likeliest_label=likeliest, label_probability=probability)
            for alert, name, likeliest, probability in zip(alerts, *columns, strict=True)
        ]

    def _send(self, alerts: Sequence[Alert], alerting: pl.DataFrame) -> None:
        """Tell every sink what triage lets out, and keep the least likely."""
        self.outcome.n_alerts += len(alerts)
        self.outcome.agreement.agree(alerts)
        self.outcome.labels.update(alert.label for alert in alerts if alert.label is not None)
        if self.triage is not None and alerts:
            self.triage.handle(alerts, self._features_of(alerts, alerting), send=self._emit)
        else:
            self._emit(alerts)

    def _emit(self, alerts: Sequence[Alert]) -> None:
        """Give alerts to every sink, also where one of them fails.

        Raises:
            SinkError: What the first one that failed said.
        """
        failure: SinkError | None = None
        for sink in self._sinks:
            try:
                sink.emit(*alerts)
            except SinkError as error:
                failure = failure or error
        self.outcome.alerts += alerts
        if failure is not None:
            raise failure
        if len(self.outcome.alerts) > KEPT_ALERTS + KEPT_ALERTS // 5:  # sorted once for some thousands
            self._trim()

    def _features_of(self, alerts: Sequence[Alert], alerting: pl.DataFrame) -> FeatureRows | None:
        """Give what the model saw of alerts, which are some of the rows; None where nobody keeps it."""
        if self.triage is None or self.triage.store is None:
            return None
        names = tuple(feature.name for feature in self.detector.features_)
        place = {key: row for row, key in enumerate(zip(alerting["source"], alerting["uid"], strict=True))}
        table = alerting.select(pl.col(names).cast(pl.Float64)).fill_null(float("nan"))
        return FeatureRows(names=names, values=table.to_numpy()[[place[alert.source, alert.uid] for alert in alerts]])

    def _pass_time(self, scored: pl.DataFrame) -> None:
        """Close incidents that are over, where no end of the input will: in a file only alerts tell the time."""
        if self.triage is None or not self._endless:
            return
        latest = scored.group_by("source", maintain_order=True).agg(pl.col("ts_end").dt.epoch("us").max())
        for source, time_us in latest.iter_rows():
            if time_us is not None:
                self.triage.advance(source or "", datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_us))

    def _trim(self) -> None:
        """Keep the least likely alerts."""
        self.outcome.alerts.sort(key=lambda alert: (alert.p_value, -alert.anomaly_score))
        del self.outcome.alerts[KEPT_ALERTS:]


def _with_place(alert: Alert, told: Alert) -> Alert:
    """Give an alert the incident and the names that it was told with."""
    places = {name: getattr(told, name) for name in ("incident_id", "src_name", "src_group", "dst_name", "dst_group")}
    return alert if alert is told else replace(alert, **places)
