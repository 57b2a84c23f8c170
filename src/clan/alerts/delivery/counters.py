"""What became of the records of a sink."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Counters:
    """Counts since the sink was opened.

    Attributes:
        emitted: Records that were given to the sink.
        recovered: Records that an earlier run had left in the spool.
        sent: Records that were delivered, each counted once.
        retried: Tries that failed and will be made again.
        dropped: Records that were given up, by reason: `overflow_newest`, `overflow_oldest` (the spool was full),
            `rejected` (the receiver refuses them), `too_large`, `spool_failed` (the spool could not be written),
            `damaged` (a segment of the spool could not be read; records in it whose number is known), `closed` (they
            came when the sink was closed already), `failed` (a sink without a spool could not send them).
        last_error: The latest failure, or None.
    """

    emitted: int = 0
    recovered: int = 0
    sent: int = 0
    retried: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    last_error: str | None = None

    @property
    def n_dropped(self) -> int:
        """Records that were given up, whatever the reason."""
        return sum(self.dropped.values())

    def as_dict(self, *, waiting: int, waiting_bytes: int) -> dict[str, Any]:
        """Give the counts for a statistics record, with what waits in the spool."""
        known: dict[str, Any] = {
            "emitted": self.emitted,
            "recovered": self.recovered,
            "sent": self.sent,
            "retried": self.retried,
            "spooled": waiting,
            "spooled_bytes": waiting_bytes,
            "dropped": dict(self.dropped),
        }
        return known if self.last_error is None else known | {"last_error": self.last_error}
