"""Suppressions that a running detector follows: those of the store and of files, as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clan.alerts.rate_limit import RateLimit
from clan.alerts.store import Store
from clan.alerts.suppress_thresholds import ThresholdFile, read_thresholds
from clan.alerts.suppressions import Suppressions
from clan.errors import ConfigError, SourceUnavailable


class WatchedSuppressions:
    """Looks at each call whether anything has changed, which costs microseconds, and reads again only then.

    A file that is broken when this is made is an error. One that breaks later leaves what was read of it in force, and
    `problem` says why. A limit that a file asks for is not followed: who makes the tracker of incidents takes it from
    `rate_limit`, at the start and when the settings are read anew.

    Args:
        store: Where `clan suppress` keeps them, if anywhere.
        files: Files in the form of Suricata's `threshold.config`.

    Attributes:
        files: What each file held when it was last read.

    Raises:
        SourceUnavailable, ConfigError: A file cannot be read, or a line for clan means nothing.
    """

    def __init__(self, *, store: Store | None = None, files: Sequence[str | Path] = ()) -> None:
        self._store = store
        self._paths = [Path(path) for path in files]
        self._stamps = {path: _stamp(path) for path in self._paths}
        self.files: dict[Path, ThresholdFile] = {path: read_thresholds(path) for path in self._paths}
        self._problems: dict[Path, str] = {}
        if store is not None:
            store.suppressions_changed()  # from now on
        self._current = self._put_together()

    @property
    def problem(self) -> str | None:
        """Why files could not be read again, or None."""
        return "; ".join(self._problems.values()) or None

    @property
    def rate_limit(self) -> RateLimit | None:
        """The strictest limit that a file asks for, or None."""
        limits = [found.rate_limit for found in self.files.values() if found.rate_limit is not None]
        return min(limits, key=lambda limit: limit.per_s, default=None)

    def current(self) -> Suppressions:
        """Give the suppressions as they are now."""
        changed = self._store is not None and self._store.suppressions_changed()
        for path in self._paths:
            changed |= self._read_again(path)
        if changed:
            self.flush()
            self._current = self._put_together()
        return self._current

    def flush(self) -> None:
        """Move the hit counters into the store."""
        if self._store is not None:
            self._store.count_hits(self._current)

    def _read_again(self, path: Path) -> bool:
        stamp = _stamp(path)
        if stamp == self._stamps[path]:
            return False
        self._stamps[path] = stamp
        try:
            self.files[path] = read_thresholds(path)
        except (ConfigError, SourceUnavailable) as error:
            self._problems[path] = str(error)
            return False
        self._problems.pop(path, None)
        return True

    def _put_together(self) -> Suppressions:
        stored = [] if self._store is None else self._store.suppression_table.active()
        return Suppressions([*(s for found in self.files.values() for s in found.suppressions), *stored])


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
