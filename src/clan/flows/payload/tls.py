"""The plain part of TLS handshakes: client hello, server hello, certificates (RFC 5246, 8446)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.packet import TCP
from clan.flows.payload.layout import (
    TLS_ALPN,
    TLS_CERTIFICATE_SIZE,
    TLS_CERTIFICATES,
    TLS_CERTIFICATES_SIZE,
    TLS_CIPHERS,
    TLS_CLIENT_VERSION,
    TLS_EXTENSIONS,
    TLS_SERVER_VERSION,
    TLS_SNI_LENGTH,
)
from clan.flows.payload.tls_records import walk_records
from clan.flows.wire import u16

RECORD: Final = 5
MESSAGE: Final = 4
CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 2
CERTIFICATE: Final = 11
MAX_EXTENSIONS: Final = 128
MAX_MESSAGES: Final = 16
MAX_CERTIFICATES: Final = 32
MAX_VERSION: Final = 15
SNI: Final = 0
ALPN: Final = 16
SUPPORTED_VERSIONS: Final = 43


@kernel
def describe_tls(data: Any, note: Any, row: Any) -> None:
    """Fill the columns of TLS, where the flow speaks it."""
    if note.protocol != TCP:
        return
    for way in range(2):
        have = np.int64(note.have[way])
        if begins_with(data[way], have, CLIENT_HELLO):
            describe_client(data[way], have, row)
        elif begins_with(data[way], have, SERVER_HELLO):
            describe_server(data[way], have, row)
        walk_records(data[way], have, row)


@kernel
def begins_with(data: Any, have: Int, kind: Int) -> bool:
    """Tell whether a direction begins with a handshake message of a kind, up to its random and session."""
    at = RECORD + MESSAGE
    if have < at + 35 or data[0] != 22 or data[1] != 3 or data[RECORD] != kind or data[RECORD + 1] != 0:
        return False
    return data[at] == 3 and data[at + 1] <= 4 and data[at + 34] <= 32


@kernel
def u24(data: Any, at: Int) -> Int:
    """Read three bytes; the caller has checked that they are there."""
    return (u16(data, at) << 8) | np.int64(data[at + 2])


@kernel
def is_grease(value: Int) -> bool:
    """Tell whether a number is one of those that only keep servers flexible (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


@kernel
def message_end(data: Any, at: Int) -> Int:
    """Give where the message whose header stands at a place ends, as far as it lies in the first record."""
    record_end = RECORD + u16(data, 3)
    return min(at + MESSAGE + u24(data, at + 1), record_end)


@kernel
def describe_client(data: Any, have: Int, row: Any) -> None:
    """Fill what a client hello tells, as far as it can be seen."""
    end = message_end(data, RECORD)
    at: Int = RECORD + MESSAGE
    legacy = np.int64(data[at + 1])
    at += 35 + np.int64(data[at + 34])
    if at + 2 > min(have, end):
        return
    size = u16(data, at)
    at += 2
    if at + size > min(have, end):
        return
    ciphers = 0
    for i in range(at, at + size - 1, 2):
        ciphers += not is_grease(u16(data, i))
    row[TLS_CIPHERS] = ciphers
    at += size
    if at >= have:
        return
    at += 1 + np.int64(data[at])  # compression methods
    describe_extensions(data, at, min(have, end), end <= have and end == RECORD + MESSAGE + u24(data, 6), legacy, row)


@kernel
def describe_extensions(data: Any, at: Int, end: Int, whole: bool, legacy: Int, row: Any) -> None:
    """Fill what the extensions of a client hello tell.

    Args:
        data: The bytes.
        at: Where they begin with their length.
        end: Where what can be seen of them ends.
        whole: Whether that is all of them.
        legacy: The version that the hello itself names.
        row: The flow's numbers.
    """
    extensions, version = 0, legacy
    name, alpn, versions = -1, -1, False
    at += 2
    for _ in range(MAX_EXTENSIONS):
        if at + 4 > end:
            break
        kind, size = u16(data, at), u16(data, at + 2)
        body = at + 4
        extensions += not is_grease(kind)
        if kind == SNI and body + 5 <= end:
            name = u16(data, body + 3)
        elif kind == ALPN:
            alpn = 1
        elif kind == SUPPORTED_VERSIONS and body + size <= end:
            highest = highest_version(data, body, body + size)
            version, versions = highest if highest > 0 else legacy, highest > 0
        at = body + size
    whole = whole and at >= end - 3
    if whole:
        row[TLS_EXTENSIONS] = extensions
    if whole or versions:
        row[TLS_CLIENT_VERSION] = version
    if whole or name >= 0:
        row[TLS_SNI_LENGTH] = max(name, 0)
    if whole or alpn > 0:
        row[TLS_ALPN] = max(alpn, 0)


@kernel
def highest_version(data: Any, at: Int, end: Int) -> Int:
    """Give the highest version of a client's list, GREASE and drafts left out."""
    highest: Int = 0
    for i in range(at + 1, end - 1, 2):
        if data[i] == 3 and data[i + 1] <= MAX_VERSION:
            highest = max(highest, np.int64(data[i + 1]))
    return highest


@kernel
def describe_server(data: Any, have: Int, row: Any) -> None:
    """Fill what a server hello tells, and the certificates that follow it."""
    whole_end = RECORD + MESSAGE + u24(data, 6)
    end = message_end(data, RECORD)
    at: Int = RECORD + MESSAGE
    version: Int = np.int64(data[at + 1])
    at += 35 + np.int64(data[at + 34]) + 5  # session, cipher, compression, length of the extensions
    if whole_end > have or end != whole_end:
        return
    for _ in range(MAX_EXTENSIONS):
        if at + 4 > end:
            break
        kind, size = u16(data, at), u16(data, at + 2)
        if (
            kind == SUPPORTED_VERSIONS
            and size == 2
            and at + 6 <= end
            and data[at + 4] == 3
            and data[at + 5] <= MAX_VERSION
        ):
            version = np.int64(data[at + 5])
        at += 4 + size
    row[TLS_SERVER_VERSION] = version
    if version < 4:
        find_certificates(data, have, end, row)


@kernel
def find_certificates(data: Any, have: Int, at: Int, row: Any) -> None:
    """Look for the certificates behind the server hello, in its record or in a later one.

    Args:
        data: The bytes.
        have: How many there are.
        at: Where the server hello ends.
        row: The flow's numbers.
    """
    record_end = RECORD + u16(data, 3)
    for _ in range(MAX_MESSAGES):
        if at == record_end:
            if at + RECORD > have or data[at] != 22:
                return
            record_end = at + RECORD + u16(data, at + 3)
            at += RECORD
        if at > record_end or at + MESSAGE + 3 > have:
            return
        if data[at] == CERTIFICATE:
            describe_certificates(data, have, at + MESSAGE, row)
            return
        at += MESSAGE + u24(data, at + 1)


@kernel
def describe_certificates(data: Any, have: Int, at: Int, row: Any) -> None:
    """Fill the sizes of a list of certificates, as far as their lengths can be seen."""
    total = u24(data, at)
    row[TLS_CERTIFICATES_SIZE] = total
    end = at + 3 + total
    at += 3
    for n in range(MAX_CERTIFICATES):
        if at >= end:
            row[TLS_CERTIFICATES] = n
            return
        if at + 3 > have:
            return
        size = u24(data, at)
        if n == 0:
            row[TLS_CERTIFICATE_SIZE] = size
        at += 3 + size
