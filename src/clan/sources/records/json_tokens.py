"""The tokens of JSON (RFC 8259), compiled: where each ends; -1 stands for what is none, or is unusual."""

from __future__ import annotations

from typing import Any

import numpy as np

from clan.flows import Int, kernel

_SHORT_ESCAPE = np.isin(np.arange(256), list(b'"/\\bfnrt'))
_MARK = (np.arange(256) < 32) | np.isin(np.arange(256), list(b'"\\'))
"""Bytes that stand for more than themselves within a text."""


@kernel
def behind_space(data: Any, at: Int) -> Int:
    """Step over blanks within a line."""
    while at < data.size and (data[at] == 32 or data[at] == 9 or data[at] == 13):
        at += 1
    return at


@kernel
def next_line(data: Any, at: Int) -> Int:
    """Find the first byte of a line that is not empty; gives `data.size` where there is none."""
    at = behind_space(data, at)
    while at < data.size and data[at] == 10:
        at = behind_space(data, at + 1)
    return at


@kernel
def end_of_line(data: Any, at: Int) -> Int:
    """Find the newline, or the end of the data."""
    while at < data.size and data[at] != 10:
        at += 1
    return at


@kernel
def end_of_text(data: Any, at: Int) -> Any:
    """Find the closing quote of a text whose first byte is at `at`, and tell whether the text has escapes."""
    escaped = False
    while at < data.size:
        byte = data[at]
        if not _MARK[byte]:
            at += 1
            continue
        if byte == 34:
            return at, escaped
        if byte < 32:
            return -1, escaped
        escaped = True
        at = behind_escape(data, at)
        if at < 0:
            return -1, escaped
    return -1, escaped


@kernel
def behind_escape(data: Any, at: Int) -> Int:
    """Step over an escape; half of a character beyond the first 65,536 is unusual."""
    if at + 1 >= data.size:
        return -1
    byte = data[at + 1]
    if _SHORT_ESCAPE[byte]:
        return at + 2
    if byte != 117 or at + 6 > data.size:
        return -1
    value = np.int64(0)
    for i in range(at + 2, at + 6):
        digit = np.int64(data[i])
        if 48 <= digit <= 57:
            digit -= 48
        elif 97 <= (digit | 32) <= 102:
            digit = (digit | 32) - 87
        else:
            return -1
        value = value * 16 + digit
    return -1 if 0xD800 <= value <= 0xDFFF else at + 6


@kernel
def behind_digits(data: Any, at: Int) -> Int:
    """Step over digits."""
    while at < data.size and 48 <= data[at] <= 57:
        at += 1
    return at


@kernel
def end_of_number(data: Any, at: Int) -> Any:
    """Find the end of a number; gives it, the digits in front of the point as uint64, and whether there are no others.

    20 digits in front of the point, and exponents of more than two, are unusual.
    """
    if data[at] == 45:
        at += 1
    start, value = at, np.uint64(0)
    while at < data.size and 48 <= data[at] <= 57 and at - start < 19:
        value = value * np.uint64(10) + np.uint64(data[at] - 48)
        at += 1
    at = behind_digits(data, at)
    if at == start or at - start > 19 or (data[start] == 48 and at - start > 1):
        return -1, value, False
    whole = True
    if at < data.size and data[at] == 46:
        start, at, whole = at + 1, behind_digits(data, at + 1), False
        if at == start:
            return -1, value, False
    if at < data.size and (data[at] | 32) == 101:
        at, whole = at + 1, False
        if at < data.size and (data[at] == 43 or data[at] == 45):
            at += 1
        start, at = at, behind_digits(data, at)
        if at == start or at - start > 2:
            return -1, value, False
    return at, value, whole


@kernel
def end_of_word(data: Any, at: Int) -> Int:
    """Find the end of `true`, `false` or `null`."""
    left = data.size - at
    if left >= 4 and data[at] == 116 and data[at + 1] == 114 and data[at + 2] == 117 and data[at + 3] == 101:
        return at + 4
    if left >= 4 and data[at] == 110 and data[at + 1] == 117 and data[at + 2] == 108 and data[at + 3] == 108:
        return at + 4
    is_false = left >= 5 and data[at] == 102 and data[at + 1] == 97 and data[at + 2] == 108 and data[at + 3] == 115
    return at + 5 if is_false and data[at + 4] == 101 else -1


@kernel
def end_of_wholes(data: Any, at: Int) -> Int:
    """Find the closing bracket of a list of small numbers without blanks, whose first byte is at `at`."""
    digits = 0
    while at < data.size:
        byte = data[at]
        if 48 <= byte <= 57:
            digits += 1
        elif digits == 0 or digits > 9:
            return -1
        elif byte == 93:
            return at
        elif byte == 44:
            digits = 0
        else:
            return -1
        at += 1
    return -1
