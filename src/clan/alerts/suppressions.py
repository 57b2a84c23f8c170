"""All suppressions at once: which one hides an alert, at a cost that does not grow with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from clan.alerts.alert import Alert
from clan.alerts.suppress_thresholds import ThresholdFile, read_thresholds
from clan.alerts.suppression import Suppression, inside, lowered

_MOST_KEPT = 65_536  # values whose matches are remembered


class Suppressions:
    """Says which suppression hides an alert, and counts how often each does.

    For every address, port, protocol and name the suppressions that it fits are remembered as bits of an integer, so an
    alert costs a few look-ups and ANDs. Where several fit, the first one counts.

    Args:
        entries: The suppressions; of two with the same conditions, the later one counts.

    Attributes:
        entries: The suppressions, by id.
        hits: How often each hid an alert since this was made, by id.
    """

    def __init__(self, entries: Iterable[Suppression] = ()) -> None:
        self.entries = {entry.suppression_id: entry for entry in entries}
        self.hits: Counter[str] = Counter()
        self._ids, self._all = list(self.entries), list(self.entries.values())
        self._kept: dict[tuple[str, object], int] = {}
        self._either = self._bits(lambda s: s.either)
        self._ends = self._bits(lambda s: s.until is not None)

    @classmethod
    def read(cls, path: str | Path) -> tuple[Self, ThresholdFile]:
        """Read the `suppress` lines of a Suricata `threshold.config`; gives also what else was in it.

        Raises:
            SourceUnavailable, ConfigError: The file cannot be read, or a line for clan means nothing.
        """
        found = read_thresholds(path)
        return cls(found.suppressions), found

    def __len__(self) -> int:
        return len(self.entries)

    def match(self, alert: Alert, *, now: datetime | None = None) -> Suppression | None:
        """Give the suppression that hides an alert, or None; counts it.

        Args:
            alert: The alert.
            now: What time it is for alerts on flows without times; default: the clock.
        """
        bits = self._fitting(alert)
        if bits & self._ends:
            bits = self._still(bits, alert.when or now or datetime.now(UTC))
        if not bits:
            return None
        position = (bits & -bits).bit_length() - 1
        self.hits[self._ids[position]] += 1
        return self._all[position]

    def _fitting(self, alert: Alert) -> int:
        if not self._all:
            return 0
        bits = self._of("protocol", alert.protocol) & self._of("label", lowered(alert.label))
        if not bits:
            return 0
        src, dst = alert.src_ip, alert.dst_ip
        ends = self._of("src", src) & self._of("dst", dst) & self._of("port", alert.dst_port)
        if self._either:
            ends |= self._either & self._of("src", dst) & self._of("dst", src) & self._of("port", alert.src_port)
        bits &= ends
        return bits and bits & self._of("alert", alert.alert_id)

    def _still(self, bits: int, moment: datetime) -> int:
        """Take away those that have ended."""
        for position, entry in enumerate(self._all):
            if bits >> position & 1 and entry.until is not None and moment >= entry.until:
                bits &= ~(1 << position)
        return bits

    def _of(self, what: str, value: object) -> int:
        """Which suppressions fit a value, as bits."""
        key = what, value
        bits = self._kept.get(key)
        if bits is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            bits = self._kept[key] = self._bits(lambda s: _fits(s, what, value))
        return bits

    def _bits(self, fits: Callable[[Suppression], bool]) -> int:
        return sum(1 << position for position, entry in enumerate(self._all) if fits(entry))


def _fits(entry: Suppression, what: str, value: object) -> bool:
    if what in ("src", "dst"):
        return inside(None if value is None else str(value), getattr(entry, what))
    if what == "label":
        return entry.label is None or lowered(entry.label) == value
    wanted = {"port": entry.port, "protocol": entry.protocol, "alert": entry.alert_id}[what]
    return wanted is None or wanted == value
