"""The text of an HTTP/1 request: header lines, and characters that hardly any request needs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.payload.bytes import UNUSUAL_IN_HEADER, UNUSUAL_IN_TARGET, Scratch
from clan.flows.payload.layout import (
    HTTP_HEADER_UNUSUAL,
    HTTP_HOST_ADDRESS,
    HTTP_LONGEST_HEADER,
    HTTP_NO_AGENT,
    HTTP_NO_HOST,
    VIEW,
)
from clan.flows.payload.names import lower

LINE_FEED: Final = 10
CARRIAGE_RETURN: Final = 13
PERCENT: Final = 37
COLON: Final = 58
BRACKET: Final = 91
NO_DIGIT: Final = -1

_HOST: Final = tuple(b"host:")
_AGENT: Final = tuple(b"user-agent:")


@kernel
def header_is(data: Any, at: Int, end: Int, name: Any) -> bool:
    """Tell whether a line begins with the name of a header, given in lower case."""
    if at + len(name) > end:
        return False
    for i in range(len(name)):  # noqa: SIM110 - compiled code has no generators
        if lower(data[at + i]) != name[i]:
            return False
    return True


@kernel
def line_end(data: Any, at: Int, end: Int) -> Int:
    """Find the line feed that ends a line; `end` when there is none."""
    while at < end and data[at] != LINE_FEED:
        at += 1
    return at


@kernel
def hex_digit(value: Any) -> Int:
    """Read a hexadecimal digit; NO_DIGIT when it is none."""
    number = lower(value)
    if 48 <= number <= 57:
        return number - 48
    return number - 87 if 97 <= number <= 102 else NO_DIGIT


@kernel
def unusual_in_target(data: Any, at: Int, end: Int, scratch: Scratch) -> Int:
    """Count the unusual characters of a request target, each %XX as what it stands for."""
    found = np.int64(0)
    while at < end:
        value = np.int64(data[at])
        if value == PERCENT and at + 2 < end:
            high, low = hex_digit(data[at + 1]), hex_digit(data[at + 2])
            if high >= 0 and low >= 0:
                value = high * 16 + low
                at += 2
        found += scratch.unusual[value] & UNUSUAL_IN_TARGET != 0
        at += 1
    return found


@kernel
def describe_headers(data: Any, at: Int, have: Int, scratch: Scratch, row: Any) -> None:
    """Fill what the header lines of a request tell that begin at a place; nothing when capture or loss cut them."""
    longest, unusual = np.int64(0), np.int64(0)
    host, agent, whole = False, False, False
    while at < have:
        feed = line_end(data, at, have)
        end = feed - 1 if at < feed < have and data[feed - 1] == CARRIAGE_RETURN else feed
        if feed < have and end == at:
            whole = True
            break
        for i in range(at, end):
            unusual += scratch.unusual[data[i]] & UNUSUAL_IN_HEADER != 0
        if feed < have:
            longest = max(longest, end - at)
            if header_is(data, at, feed, _HOST):
                host = True
                row[HTTP_HOST_ADDRESS] = is_address(data, at + len(_HOST), end)
            agent = agent or header_is(data, at, feed, _AGENT)
        at = feed + 1
    if whole or have == VIEW:
        row[HTTP_LONGEST_HEADER], row[HTTP_HEADER_UNUSUAL] = longest, unusual
    if whole or host:
        row[HTTP_NO_HOST] = not host
    if whole or agent:
        row[HTTP_NO_AGENT] = not agent


@kernel
def is_address(data: Any, at: Int, end: Int) -> bool:
    """Tell whether a host is named by an IP address: four numbers, or anything in brackets; a port may follow."""
    while at < end and data[at] in (32, 9):
        at += 1
    if at < end and data[at] == BRACKET:
        return True
    dots, digits = 0, 0
    while at < end and data[at] != COLON and data[at] != 32:
        if data[at] == 46:
            dots += 1
        elif 48 <= data[at] <= 57:
            digits += 1
        else:
            return False
        at += 1
    return dots == 3 and digits >= 4
