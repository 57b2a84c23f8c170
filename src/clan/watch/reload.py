"""New settings and a new model while the watch goes on: prepared beside it, taken over whole or refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from clan.errors import ClanError, ModelFileError, SettingsError
from clan.monitor import LoadedModel
from clan.watch.settings import WatchSettings

NEEDS_RESTART: Final = ("source", "state", "store", "incidents.gap_s")
"""Settings that are what the watch is made of: a change of them waits for a restart."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What can be taken over.

    Attributes:
        settings: The new settings.
        model: The new model, or the one in use where it is the same.
        waiting: Settings that have changed and need a restart.
    """

    settings: WatchSettings
    model: LoadedModel
    waiting: tuple[str, ...]


class Reloader:
    """Reads settings anew when asked, in a thread of its own, so that no flow waits for it.

    Args:
        reread: Reads the settings.
    """

    def __init__(self, reread: Callable[[], WatchSettings]) -> None:
        self._reread = reread
        self._asked = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="clan reload")
        self._job: Future[Prepared] | None = None

    def ask(self) -> None:
        """Ask for new settings. Safe in a signal handler; asking again before they are there counts once."""
        self._asked = True

    def begin(self, settings: WatchSettings, model: LoadedModel) -> bool:
        """Begin to read what was asked for; whether something was.

        Args:
            settings: The settings in use.
            model: The model in use.
        """
        if not self._asked or self._job is not None:
            return False
        self._asked = False
        self._job = self._pool.submit(prepare, self._reread, settings, model)
        return True

    def finished(self) -> Prepared | None:
        """Give what was prepared, once it is; None while there is nothing.

        Raises:
            ClanError: It cannot be taken over; the message says why.
        """
        if self._job is None or not self._job.done():
            return None
        job, self._job = self._job, None
        return job.result()

    def close(self) -> None:
        """Wait for what is under way, and forget it."""
        self._pool.shutdown(cancel_futures=True)


def prepare(reread: Callable[[], WatchSettings], settings: WatchSettings, model: LoadedModel) -> Prepared:
    """Read settings and their model, and hold them against those in use.

    Raises:
        ClanError: They cannot be taken over.
    """
    new = reread()
    fresh = LoadedModel.open(new.model)
    differing = model.differences(fresh)
    if differing:
        raise ModelFileError(
            f"{new.model} does not fit the source that is open, and {model.path} ({model.model_id}) goes on: "
            f"{'; '.join(differing)}. Restart clan watch to use it"
        )
    waiting = tuple(
        name.removesuffix("_s") for name in NEEDS_RESTART if attrgetter(name)(new) != attrgetter(name)(settings)
    )
    same = fresh.model_id == model.model_id
    return Prepared(settings=new, model=model if same else fresh, waiting=waiting)


def reasons_of(error: ClanError) -> tuple[str, ...]:
    """Give each thing that is wrong."""
    return error.problems if isinstance(error, SettingsError) else (str(error),)
