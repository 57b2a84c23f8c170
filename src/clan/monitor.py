"""The one pipeline: source -> flows -> detect -> alerts. Every command that detects runs this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from clan.alerts import Alert, Sink, alerts_from
from clan.detect import ClanDetector
from clan.detect.quantiles import PROBABILITIES
from clan.errors import ModelFileError
from clan.explain import reasons
from clan.flows import FlowSettings
from clan.schema import IDENTITY
from clan.sources import FlowReader
from clan.tables import TableWriter

KEPT_ALERTS = 10_000
"""Alerts kept for the summary and the report, the least likely ones; all of them go to the sinks."""

_SCORE_COLUMNS = [*IDENTITY, "anomaly_score", "p_value", "alert"]


@dataclass(kw_only=True)
class Outcome:
    """What a run found.

    Attributes:
        n_flows: Flows scored.
        n_alerts: Flows that alert.
        alerts: The alerts with the lowest p-values, at most `KEPT_ALERTS`.
        scored: Identity and scores of every flow, when they were to be kept.
    """

    n_flows: int = 0
    n_alerts: int = 0
    alerts: list[Alert] = field(default_factory=list)
    scored: list[pl.DataFrame] = field(default_factory=list)


class Monitor:
    """Runs a detector over a source.

    Args:
        detector: A fitted detector that was trained on the same kind of source.
        sinks: Where alerts go.
        scores: Where the scores of all flows go, if anywhere.
        keep_scored: Keep identity and scores of every flow in memory, for a report.
    """

    def __init__(
        self,
        detector: ClanDetector,
        *,
        sinks: Sequence[Sink] = (),
        scores: TableWriter | None = None,
        keep_scored: bool = False,
    ) -> None:
        self.detector = detector
        self.model_id = model_id(detector)
        self.outcome = Outcome()
        self._sinks, self._scores, self._keep = sinks, scores, keep_scored

    def run(self, reader: FlowReader) -> Outcome:
        """Read everything, score it, send the alerts.

        Raises:
            NoFlows: There was no flow to score.
            SourceError: The source cannot be read.
            SinkError: A sink failed.
        """
        for batch in reader.batches():
            self.handle(batch)
        return self.outcome

    def handle(self, flows: pl.DataFrame) -> list[Alert]:
        """Score one batch of flows and send its alerts; gives them, in the order of the flows."""
        detector, outcome = self.detector, self.outcome
        score, p_value = detector.score_and_p_value(flows)
        scored = flows.with_columns(anomaly_score=score, p_value=p_value, alert=score >= detector.threshold_)
        alerting = scored.filter("alert")
        alerts = alerts_from(
            alerting,
            reasons(alerting, detector.features_, detector.benign_quantiles_, PROBABILITIES),
            threshold=detector.threshold_,
            alpha=detector.calibration_.alpha,
            model_id=self.model_id,
        )
        for alert in alerts:
            for sink in self._sinks:
                sink.emit(alert)
        narrow = scored.select(_SCORE_COLUMNS)
        if self._scores is not None:
            self._scores.write(narrow)
        if self._keep:
            outcome.scored.append(narrow)
        outcome.n_flows += flows.height
        outcome.n_alerts += len(alerts)
        outcome.alerts += alerts
        if len(outcome.alerts) > 2 * KEPT_ALERTS:
            self._trim()
        return alerts

    def _trim(self) -> None:
        """Keep the least likely alerts."""
        self.outcome.alerts.sort(key=lambda alert: (alert.p_value, -alert.anomaly_score))
        del self.outcome.alerts[KEPT_ALERTS:]


def model_id(detector: ClanDetector) -> str:
    """Name a model by the first 12 digits of its file's digest; ``unsaved`` while it has no file."""
    return str(detector.manifest_.get("sha256", "unsaved"))[:12]


def flow_settings_of(detector: ClanDetector) -> FlowSettings:
    """Give the settings by which flows must be cut for a model.

    Raises:
        ModelFileError: The model was not trained on packets.
    """
    source = detector.manifest_["source"]
    if source.get("kind") != "packets":
        found = source.get("kind", "a table without a source")
        raise ModelFileError(f"this model was trained on {found}, not on packets: it cannot score captures")
    return FlowSettings.from_manifest(source["settings"])
