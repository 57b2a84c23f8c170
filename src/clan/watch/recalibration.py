"""The threshold set anew on schedule, on traffic that the detector itself judges clean, through a guard."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import polars as pl

from clan.counted import counted
from clan.detect.versions import KEPT, replace_model
from clan.drift import Guard, Proposal, Recalibrator
from clan.errors import DataError, SinkError
from clan.monitor import LoadedModel
from clan.watch.kinds import Range


@dataclass(frozen=True, kw_only=True)
class RecalibrateSettings:
    """Setting the threshold anew while watching, without training, on traffic that the detector judges clean.

    Attributes:
        every_s: How often; off unless it is set. What looks like an attack is left out or refused.
        keep: Earlier versions of the model that are kept, for clan calibrate --rollback.
    """

    EXAMPLES: ClassVar = {"every_s": 7 * 86_400.0}

    every_s: Annotated[float, Range(60, 366 * 86_400)] | None = None
    keep: Annotated[int, Range(0, 1000)] = KEPT


@dataclass(frozen=True, kw_only=True)
class Recalibrated:
    """A model with a new threshold, and how it came about.

    Attributes:
        before: The model that was in use when it was begun.
        model: The new one, which is in the place of the file by now.
        proposal: What it rests on.
    """

    before: LoadedModel
    model: LoadedModel
    proposal: Proposal

    def __str__(self) -> str:
        proposal, new = self.proposal, self.model.detector.calibration_
        return (
            f"threshold {proposal.threshold_before:.4f} before and {new.threshold:.4f} now, by "
            f"{counted(proposal.n_flows - proposal.n_left_out, 'flow')} ({proposal.n_left_out:,} left out, of "
            f"{counted(len(proposal.hosts), 'suspicious host')})"
            + ("; held down by the guard" if proposal.capped else "")
        )


class Recalibration:
    """Remembers what was scored, and proposes and writes a new calibration when it is time, in a thread of its own.

    Args:
        settings: How often.
        model: The model in use.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, settings: RecalibrateSettings, model: LoadedModel, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings, self._clock = settings, clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="clan recalibration")
        self._job: Future[Recalibrated] | None = None
        self.use(model)

    def use(self, model: LoadedModel) -> None:
        """Begin anew with another model."""
        self._model, self._since = model, self._clock()
        self._recalibrator = Recalibrator(model.detector, guard=Guard())

    def observe(self, scored: pl.DataFrame) -> None:
        """Remember flows that have ended; nothing where no calibration will ever come of it."""
        if self.settings.every_s is not None:
            self._recalibrator.update(scored)

    def begin(self) -> bool:
        """Begin a calibration if it is time; whether it was."""
        every_s = self.settings.every_s
        if every_s is None or self._job is not None or self._clock() - self._since < every_s:
            return False
        gathered = self._recalibrator  # the thread has it for itself; further flows go into another one
        self.use(self._model)
        self._job = self._pool.submit(recalibrate, gathered, self._model, keep=self.settings.keep)
        return True

    def finished(self) -> Recalibrated | None:
        """Give the model with its new threshold, once it is there; None while there is nothing, or it came too late.

        Raises:
            ClanError: It was refused, or could not be written.
        """
        if self._job is None or not self._job.done():
            return None
        job, self._job = self._job, None
        done = job.result()
        return done if done.before is self._model else None

    def close(self) -> None:
        """Wait for what is under way, and forget it."""
        self._pool.shutdown(cancel_futures=True)


def recalibrate(gathered: Recalibrator, model: LoadedModel, *, keep: int) -> Recalibrated:
    """Propose a calibration and put the model with it in the place of its file, where earlier versions are kept.

    Raises:
        DataError: It is refused; the message says why.
        ClanError: The file has become another model meanwhile, or cannot be written.
    """
    proposal = gathered.propose()
    if proposal.calibration is None:
        raise DataError("; ".join(proposal.refusals))
    fresh = LoadedModel.open(model.path)
    if fresh.model_id != model.model_id:
        raise DataError(f"{model.path} is another model by now: reload to use it")
    fresh.detector.calibration_ = proposal.calibration
    save = fresh.detector.save if fresh.namer is None else fresh.namer.save
    try:
        replace_model(model.path, save, keep=keep)
    except OSError as error:
        raise SinkError(f"{model.path} cannot be written: {error.strerror or error}") from error
    return Recalibrated(before=model, model=replace(fresh, model_id=fresh.detector.model_id_), proposal=proposal)
