"""HTTP/1 (RFC 9112): the first request and the first response."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.packet import TCP
from clan.flows.payload.bytes import Scratch, text_entropy
from clan.flows.payload.http_text import describe_headers, header_is, line_end, unusual_in_target
from clan.flows.payload.layout import (
    HTTP_METHODS,
    HTTP_REQUEST_BODY,
    HTTP_REQUEST_HEADERS,
    HTTP_REQUEST_LINE,
    HTTP_RESPONSE_BODY,
    HTTP_RESPONSE_HEADERS,
    HTTP_STATUS_CLASS,
    HTTP_URI_ENTROPY,
    HTTP_URI_LENGTH,
    HTTP_URI_UNUSUAL,
    IS_HTTP,
    VIEW,
)

CARRIAGE_RETURN: Final = 13
SPACE: Final = 32
SLASH: Final = 47
ZERO: Final = 48
MAX_METHOD: Final = 16
MAX_DIGITS: Final = 15
GET: Final = 0
POST: Final = 1
OTHER: Final = 2
NOT_SEEN: Final = -1
NOT_TOLD: Final = -2

_VERSION: Final = tuple(b"HTTP/")
_CONTENT_LENGTH: Final = tuple(b"content-length:")
_TRANSFER_ENCODING: Final = tuple(b"transfer-encoding:")
_METHODS: Final = (tuple(b"GET "), tuple(b"HEAD "), tuple(b"POST "), tuple(b"PUT "))


@kernel
def describe_http(data: Any, note: Any, scratch: Scratch, row: Any) -> None:
    """Fill the columns of HTTP, where the flow speaks it."""
    if note.protocol != TCP:
        return
    for way in range(2):
        have = np.int64(note.have[way])
        if have >= 12 and stands_at(data[way], 0, have, _VERSION):
            describe_response(data[way], have, row)
        else:
            describe_request(data[way], have, scratch, row)


@kernel
def stands_at(data: Any, at: Int, end: Int, text: Any) -> bool:
    """Tell whether a text stands somewhere, as it is."""
    if at < 0 or at + len(text) > end:
        return False
    for i in range(len(text)):  # noqa: SIM110 - compiled code has no generators
        if data[at + i] != text[i]:
            return False
    return True


@kernel
def method_of(data: Any, have: Int) -> tuple[Int, Int]:
    """Read the method of a request.

    Returns:
        GET, POST or OTHER, and where the request target begins; (OTHER, 0) when this is no method.
    """
    for i in range(min(MAX_METHOD, have)):
        if data[i] == SPACE and i > 1:
            if stands_at(data, 0, have, _METHODS[0]) or stands_at(data, 0, have, _METHODS[1]):
                return GET, i + 1
            if stands_at(data, 0, have, _METHODS[2]) or stands_at(data, 0, have, _METHODS[3]):
                return POST, i + 1
            return OTHER, i + 1
        if not 65 <= data[i] <= 90:
            break
    return OTHER, 0


@kernel
def describe_request(data: Any, have: Int, scratch: Scratch, row: Any) -> None:
    """Fill what a request tells, as far as it can be seen; nothing where this is none.

    A line whose end cannot be seen counts only with a usual method and path; otherwise it must name HTTP's version.
    """
    method, target = method_of(data, have)
    if target == 0 or target >= have:
        return
    feed = line_end(data, target, have)
    end = feed - 1 if feed < have and data[feed - 1] == CARRIAGE_RETURN else feed
    space = end - 9  # in front of HTTP/1.1
    if feed < have:
        if space < target or data[space] != SPACE or not stands_at(data, space + 1, end, _VERSION):
            return
    elif method == OTHER or data[target] != SLASH:
        return
    row[IS_HTTP] = 1
    for kind in range(OTHER + 1):
        row[HTTP_METHODS + kind] = kind == method
    uri_end = space if feed < have else have
    if feed < have or have == VIEW:
        row[HTTP_REQUEST_LINE] = end
        row[HTTP_URI_LENGTH] = uri_end - target
        row[HTTP_URI_ENTROPY] = text_entropy(data, target, uri_end, scratch)
        row[HTTP_URI_UNUSUAL] = unusual_in_target(data, target, uri_end, scratch)
    if feed < have:
        headers, body = read_headers(data, feed + 1, have)
        row[HTTP_REQUEST_HEADERS] = headers if headers >= 0 else np.nan
        row[HTTP_REQUEST_BODY] = body if body >= 0 else (0.0 if body == NOT_SEEN and headers >= 0 else np.nan)
        describe_headers(data, feed + 1, have, scratch, row)


@kernel
def describe_response(data: Any, have: Int, row: Any) -> None:
    """Fill what a response tells, as far as it can be seen."""
    digit = np.int64(data[9]) - ZERO
    if data[8] != SPACE or not 1 <= digit <= 9:
        return
    row[IS_HTTP], row[HTTP_STATUS_CLASS] = 1, digit
    feed = line_end(data, 12, have)
    if feed < have:
        headers, body = read_headers(data, feed + 1, have)
        row[HTTP_RESPONSE_HEADERS] = headers if headers >= 0 else np.nan
        row[HTTP_RESPONSE_BODY] = body if body >= 0 else np.nan


@kernel
def read_headers(data: Any, at: Int, have: Int) -> tuple[Int, Int]:
    """Read header lines up to the empty one.

    Returns:
        How many there are, NOT_SEEN when they do not end in what there is; and the length of the body: NOT_SEEN when no
        header tells it, NOT_TOLD when it comes in chunks.
    """
    headers, body = 0, NOT_SEEN
    while at < have:
        feed = line_end(data, at, have)
        if feed == have:
            break
        if feed == at or (feed == at + 1 and data[at] == CARRIAGE_RETURN):
            return headers, body
        headers += 1
        if header_is(data, at, feed, _CONTENT_LENGTH):
            body = read_number(data, at + len(_CONTENT_LENGTH), feed)
        elif header_is(data, at, feed, _TRANSFER_ENCODING):
            body = NOT_TOLD
        at = feed + 1
    return NOT_SEEN, body


@kernel
def read_number(data: Any, at: Int, end: Int) -> Int:
    """Read a number behind blanks; NOT_TOLD where there is none, or one that no body can have."""
    while at < end and data[at] in (SPACE, 9):
        at += 1
    value, digits = np.int64(0), 0
    while at < end and ZERO <= data[at] <= ZERO + 9 and digits <= MAX_DIGITS:
        value = value * 10 + (np.int64(data[at]) - ZERO)
        digits += 1
        at += 1
    return value if 0 < digits <= MAX_DIGITS else NOT_TOLD
