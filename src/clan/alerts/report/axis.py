"""Where the ticks of an axis stand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAY_S = 86_400
_DAYS = (1, 2, 7, 14, 30, 90, 180, 365, 1825, 3650, 36500)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Find round values between two ends, at most about `most` of them.

    Example:
        >>> ticks(0.0, 1.0, 5)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [round((first + i) * step, 12 - math.floor(math.log10(step))) for i in range(count)]


def whole_ticks(high: float, most: int = 5) -> list[float]:
    """Find round whole counts from 0 to `high`."""
    return [t for t in ticks(0.0, max(high, 1.0), most) if t == int(t)]


def root_ticks(high: float) -> list[float]:
    """Find counts from 0 to `high` that stand well apart on a square-root axis.

    Example:
        >>> root_ticks(150)
        [0.0, 2.0, 10.0, 20.0, 50.0, 100.0]
    """
    found = [0.0]
    for value in (m * 10.0**k for k in range(math.ceil(math.log10(max(high, 1.0))) + 1) for m in (1, 2, 5)):
        if value <= high and math.sqrt(value) - math.sqrt(found[-1]) >= 0.1 * math.sqrt(high):
            found.append(value)
    return found


def decades(high: float) -> list[float]:
    """List the powers of ten from 1 up to a count; every second or third of them where there are many."""
    last = max(0, math.floor(math.log10(max(high, 1.0)) + 1e-9))
    return [10.0**k for k in range(0, last + 1, 1 + last // 6)]


def time_step(span_s: float, most: int) -> int:
    """Find the shortest round duration in seconds that divides a span into at most `most` parts.

    Example:
        >>> time_step(9 * 3600, 60), time_step(0, 60)
        (600, 1)
    """
    steps = (*_STEPS_S, *(d * _DAY_S for d in _DAYS))
    return next((s for s in steps if span_s / s <= most), math.ceil(span_s / most))


def duration_name(seconds: int) -> str:
    """Name a round duration: ``10 min``, ``1 h``, ``7 d``."""
    for size, name in ((_DAY_S, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def time_ticks(low_s: float, high_s: float, most: int = 9) -> list[tuple[float, str, str]]:
    """Find round UTC moments between two ends.

    Args:
        low_s: Seconds since 1970.
        high_s: Seconds since 1970, >= `low_s`.
        most: About how many.

    Returns:
        For each: seconds since 1970, the time of day (or the date, for ticks of a day and more), and a second line
        (the date, or the year) where it differs from the tick before, else ``""``.
    """
    step = time_step(high_s - low_s, most)
    found: list[tuple[float, str, str]] = []
    before = ""
    for k in range(math.ceil(low_s / step), math.floor(high_s / step) + 1):
        moment = _EPOCH + timedelta(seconds=k * step)
        if step >= _DAY_S:
            words, second = moment.strftime("%b %d"), str(moment.year)
        else:
            words, second = moment.strftime("%H:%M:%S" if step < 60 else "%H:%M"), moment.strftime("%Y-%m-%d")
        found.append((float(k * step), words, "" if second == before else second))
        before = second
    return found
