"""Times that come as text (ISO 8601, RFC 3339), read many at once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from clan.flows.jit import Int, kernel

NO_TIME: Final = -(1 << 63)
"""What the compiled reader gives where a text is no time."""


def read_times(texts: pl.Series) -> pl.Series:
    """Read times such as ``2021-06-06T15:57:37.272281+0200``, with `Z`, an offset or, for UTC, without a zone.

    Args:
        texts: Date, `T` or a blank, time, perhaps a fraction (digits behind the sixth are dropped), perhaps a zone.

    Returns:
        Microseconds since 1970 UTC, Int64, null where a text is no time.

    Example:
        >>> read_times(pl.Series(["1970-01-01T01:00:00.5+01:00", "soon"])).to_list()
        [500000, None]
    """
    filled = texts.fill_null("")
    starts = np.zeros(len(filled) + 1, np.int64)
    np.cumsum(filled.str.len_bytes().to_numpy(), out=starts[1:])
    joined = (filled.str.join("").item() or "") if len(filled) else ""
    out = np.empty(len(filled), np.int64)
    times_of(np.frombuffer(joined.encode(), np.uint8), starts, out)
    found = pl.Series(texts.name, out)
    return found.set(found == NO_TIME, None)


@kernel
def times_of(text: Any, starts: Any, out: Any) -> None:
    """Read one time for each text into microseconds."""
    for i in range(out.size):
        out[i] = time_of(text, starts[i], starts[i + 1])


@kernel
def number_at(text: Any, start: Int, digits: Int) -> Int:
    """Read so many decimal digits; gives a number far below 0 where one is none."""
    value = np.int64(0)
    for i in range(start, start + digits):
        digit = np.int64(text[i]) - 48
        if digit < 0 or digit > 9:
            return np.int64(-(1 << 40))
        value = value * 10 + digit
    return value


@kernel
def days_of(year: Int, month: Int, day: Int) -> Int:
    """Count the days since 1970-01-01 of a date of the Gregorian calendar.

    Source: E. M. Reingold, N. Dershowitz, Calendrical Calculations, fixed days of a Gregorian date.
    """
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 + (367 * month - 362) // 12 + day
    if month > 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days -= 1 if leap else 2
    return days - 719_163


@kernel
def time_of(text: Any, start: Int, end: Int) -> Int:
    """Read one time; gives `NO_TIME` where it is none."""
    if end - start < 19 or end - start > 40:
        return np.int64(NO_TIME)
    year, month, day = number_at(text, start, 4), number_at(text, start + 5, 2), number_at(text, start + 8, 2)
    hour, minute, second = (
        number_at(text, start + 11, 2),
        number_at(text, start + 14, 2),
        number_at(text, start + 17, 2),
    )
    marks = text[start + 4] == text[start + 7] and (text[start + 4] == 45 or text[start + 4] == 47)
    marks = marks and (text[start + 10] == 84 or text[start + 10] == 32)
    marks = marks and text[start + 13] == 58 and text[start + 16] == 58
    in_range = year > 0 and 1 <= month <= 12 and 1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60
    if not (marks and in_range and 0 <= second <= 60):
        return np.int64(NO_TIME)
    whole = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    at, fraction, unit = start + 19, np.int64(0), np.int64(100_000)
    if at < end and text[at] == 46:
        at += 1
        while at < end and 48 <= text[at] <= 57:
            fraction += (np.int64(text[at]) - 48) * unit
            unit, at = unit // 10, at + 1
    shift = offset_of(text, at, end)
    if shift == NO_TIME:
        return np.int64(NO_TIME)
    return (whole - shift) * 1_000_000 + fraction


@kernel
def offset_of(text: Any, start: Int, end: Int) -> Int:
    """Read the zone behind a time, in seconds east of Greenwich; nothing means UTC."""
    size = end - start
    if size == 0 or (size == 1 and (text[start] == 90 or text[start] == 122)):
        return np.int64(0)
    colon = size == 6 and text[start + 3] == 58
    if (text[start] != 43 and text[start] != 45) or not (size in (3, 5) or colon):
        return np.int64(NO_TIME)
    hours = number_at(text, start + 1, 2)
    minutes = np.int64(0) if size == 3 else number_at(text, end - 2, 2)
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        return np.int64(NO_TIME)
    seconds = (hours * 60 + minutes) * 60
    return -seconds if text[start] == 45 else seconds
