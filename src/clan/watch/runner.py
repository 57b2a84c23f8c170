"""The watch: the one pipeline on a source without end, with everything around it that a service needs."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from clan.detect.unknown import UnknownFeatures
from clan.drift import Advice, HoldingState
from clan.errors import ClanError
from clan.monitor import LoadedModel, Monitor, Outcome
from clan.sources import EndlessReader, LiveStatus, Readers, ReadReport
from clan.watch import words
from clan.watch.finite import FiniteReader
from clan.watch.log import Log
from clan.watch.metrics import Metrics
from clan.watch.notify import Notifier
from clan.watch.outlets import Outlets
from clan.watch.recalibration import Recalibration
from clan.watch.reload import Prepared, Reloader, reasons_of
from clan.watch.settings import MetricsSettings, WatchSettings
from clan.watch.snapshot import Event, Snapshot, TriageState
from clan.watch.tally import Tally

SURE = 2000
"""Flows after which it is told which learnt features none of them knows."""

_logger = logging.getLogger(__name__)

READERS: Final = Readers(files=FiniteReader)
"""Readers that all tell how it goes, and end when told."""


SHOWN: Final = 200
"""Incidents that a view can show."""


class Observer(Protocol):
    """Something that shows how a watch goes."""

    def update(self, snapshot: Snapshot) -> None:
        """Take over how it goes now; called about every second."""


class Watch:
    """One watch, from its settings to its end; a context manager.

    Everything happens in the caller's thread, between two batches of flows: a look at the clock, new settings, what is
    shown. Only reading a new model, sending to receivers and answering Prometheus have threads of their own.

    Args:
        settings: What to do.
        reread: Reads the settings anew.
        log: Where log lines go.
        notifier: Tells the service manager.

    Raises:
        ClanError: The model cannot be read or does not fit, the source cannot be opened, a port is taken.
    """

    def __init__(
        self, settings: WatchSettings, *, reread: Callable[[], WatchSettings], log: Log, notifier: Notifier
    ) -> None:
        self.settings, self._log, self._notifier = settings, log, notifier
        self.observers: list[Observer] = []
        """Told about every second how it goes."""
        self.reloads = self.refused = self.recalibrations = self.recalibrations_refused = 0
        self._stack = ExitStack()
        with ExitStack() as opening:
            self.model = LoadedModel.open(settings.model)
            self.tally = Tally()
            self._reloader = Reloader(reread)
            opening.callback(self._reloader.close)
            self._recalibration = Recalibration(settings.recalibrate, self.model)
            opening.callback(self._recalibration.close)
            self._metrics = self._serve(settings.metrics)
            opening.callback(self._close_metrics)
            reader = self.model.reader(
                settings.source.input(state=settings.state), early=settings.source.early, readers=READERS
            )
            if not isinstance(reader, EndlessReader):
                raise AssertionError(f"{type(reader).__name__} does not tell how it goes")
            self.reader: EndlessReader = reader
            self.outlets = Outlets(settings.sinks)
            opening.callback(self.outlets.close)
            self.triage = settings.triage.open(opening, tell=[self.tally.tell, self.outlets.emit])
            self.monitor = Monitor(
                self.model.detector,
                namer=self.model.namer,
                sinks=[self.tally, self.outlets],
                triage=self.triage,
                observers=[self.tally.observe, self._recalibration.observe],
            )
            self._stack = opening.pop_all()
        self.reader.on_status = self._tick
        self._flows_before = 0
        self._advice: Advice = "none"
        self._unknown_told: UnknownFeatures | None = None
        self._last: Snapshot | None = None
        self._at = time.monotonic()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self) -> Outcome:
        """Watch until the source ends, or `stop`.

        Raises:
            ClanError: The source failed; what it had given by then was scored.
        """
        _logger.info("watching %s with %s (%s)", self.settings.source, self.model.path, self.model.model_id)
        self._notifier.ready()
        try:
            outcome = self.monitor.run(self.reader)
        finally:
            self._notifier.stopping()
            if self._last is not None:
                self._show(self._last.status)
        return outcome

    def stop(self) -> None:
        """End it in good order. Safe in a signal handler."""
        self.reader.stop()

    def reload(self) -> None:
        """Read model and settings anew, and open log files anew. Safe in a signal handler."""
        self._reloader.ask()

    def _tick(self, status: LiveStatus) -> None:
        """Look after everything besides flows."""
        if self._reloader.begin(self.settings, self.model):
            self._notifier.reloading()
        self._take_over()
        self._recalibrate()
        self._show(status)

    def _take_over(self) -> None:
        """Take over what was read anew, or say why not."""
        try:
            prepared = self._reloader.finished()
            if prepared is not None:
                self._apply(prepared)
        except ClanError as error:
            self.refused += 1
            for reason in reasons_of(error):
                _logger.error("not reloaded, everything goes on as before: %s", reason)
            self._notifier.ready()

    def _recalibrate(self) -> None:
        """Set the threshold anew when it is time, or say why not."""
        if self._recalibration.begin():
            _logger.info("setting the threshold anew")
        try:
            done = self._recalibration.finished()
        except ClanError as error:
            self.recalibrations_refused += 1
            _logger.warning("not calibrated, the threshold stays: %s", error)
            return
        if done is not None:
            self.recalibrations += 1
            self._use(done.model)
            _logger.info("calibrated: %s; model %s", done, done.model.model_id)

    def _use(self, model: LoadedModel) -> None:
        """Score what comes from now on with another model."""
        self.monitor.use(model.detector, namer=model.namer)
        self._recalibration.use(model)
        self.model = model

    def _apply(self, prepared: Prepared) -> None:
        """Take over new settings: all of what may fail, or nothing."""
        settings, model = prepared.settings, prepared.model
        with (
            self._log.exchanged(settings.log),
            self.outlets.exchanged(settings.sinks),
            self._metrics_exchanged(settings.metrics),
        ):
            settings.triage.change(self.triage)  # whole or not at all, and the last that may fail
        self._recalibration.settings = settings.recalibrate
        if model is not self.model:
            self._use(model)
        self.settings = settings
        self.reloads += 1
        self._notifier.ready()
        _logger.info("reloaded; model %s (%s)", model.path, model.model_id)
        for name in prepared.waiting:
            _logger.warning("%s has changed: that takes effect after a restart", name)

    def _serve(self, settings: MetricsSettings) -> Metrics | None:
        if not settings.enabled:
            return None
        metrics = Metrics(settings.address, settings.port)
        _logger.info("metrics at http://%s:%d/metrics", settings.address, metrics.port)
        return metrics

    @contextmanager
    def _metrics_exchanged(self, settings: MetricsSettings) -> Iterator[None]:
        """Serve figures elsewhere; as before where that is not possible, or the block fails."""
        before = self.settings.metrics
        if settings == before:
            yield
            return
        self._close_metrics()  # an address may cover the one of before, on the same port
        try:
            self._metrics = self._serve(settings)
            yield
        except BaseException:
            self._close_metrics()
            try:
                self._metrics = self._serve(before)
            except ClanError as error:  # somebody was quicker
                _logger.error("metrics are not served any more: %s", error)
            raise

    def _close_metrics(self) -> None:
        if self._metrics is not None:
            self._metrics.close()
            self._metrics = None

    def _show(self, status: LiveStatus) -> None:
        """Tell everybody how it goes."""
        self._last = snapshot = self._snapshot(status)
        for observer in (*self.observers, *([self._metrics] if self._metrics else [])):
            observer.update(snapshot)
        self._notifier.alive(words.traffic(snapshot))

    def _say_advice(self, holding: HoldingState) -> None:
        """Log what should be done about the model, when that has changed."""
        if holding.advice != self._advice:
            self._advice = holding.advice
            log = _logger.info if holding.advice == "none" else _logger.warning
            log("%s", words.advice(holding) or holding.sentence)

    def _say_unknown(self) -> None:
        """Log which learnt features no flow knows, once for each model, when there were enough flows to be sure."""
        unknown = self.monitor.unknown
        if unknown is not self._unknown_told and unknown.n_flows >= SURE:
            self._unknown_told = unknown
            if unknown.names:
                _logger.warning("%s", unknown.sentence)

    def _snapshot(self, status: LiveStatus) -> Snapshot:
        outcome, now = self.monitor.outcome, time.monotonic()
        passed, self._at = max(now - self._at, 1e-9), now
        holding = self.monitor.holding.state()
        self._say_advice(holding)
        self._say_unknown()
        news, n_news = self.tally.take_news()
        new_flows, self._flows_before = outcome.n_flows - self._flows_before, outcome.n_flows
        return Snapshot(
            now=datetime.now(UTC),
            seconds=status.seconds,
            source=str(self.settings.source),
            model=Path(self.model.path).name,
            model_id=self.model.model_id,
            status=status,
            flows_per_s=new_flows / passed,
            n_flows=outcome.n_flows,
            n_alerts=outcome.n_alerts,
            n_withdrawn=outcome.n_withdrawn,
            severities=dict(self.tally.severities),
            labels=dict(outcome.labels),
            holding=holding,
            expected_per_day=self.model.detector.calibration_.expected_alerts_per_day,
            drops=ReadReport(counts=Counter(status.counts)).losses(),
            p_values=self.tally.p_values.tolist(),
            p_value_sum=self.tally.p_value_sum,
            scoring_s=outcome.scoring_s,
            memory_bytes=resident_bytes(),
            sinks=self.outlets.counters(),
            recalibrations=self.recalibrations,
            recalibrations_refused=self.recalibrations_refused,
            reloads=self.reloads,
            refused=self.refused,
            triage=TriageState.of(self.triage),
            events=tuple(Event.of(incident) for incident in self.triage.ledger.recent(SHOWN)),
            news=news,
            n_news=n_news,
            messages=tuple(self._log.messages),
        )


def resident_bytes() -> int:
    """Give the resident memory of this process; 0 where nobody tells."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
