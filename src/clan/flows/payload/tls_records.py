"""The chain of TLS records of a direction (RFC 5246, 8446), and heartbeats among them (RFC 6520)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.payload.layout import IS_TLS, TLS_ALERTS, TLS_HEARTBEAT_EXCESS, TLS_HEARTBEATS
from clan.flows.wire import u16

RECORD: Final = 5
MAX_RECORDS: Final = 64
MAX_RECORD: Final = 16_384 + 2048
CHANGE_CIPHER: Final = 20
ALERT: Final = 21
HEARTBEAT: Final = 24
HEARTBEAT_HEAD: Final = 3
"""Type and length of a heartbeat message."""


@kernel
def is_record(data: Any, at: Int, have: Int) -> bool:
    """Tell whether the header of a record stands at a place."""
    if at + RECORD > have or not CHANGE_CIPHER <= data[at] <= HEARTBEAT or data[at + 1] != 3 or data[at + 2] > 4:
        return False
    return u16(data, at + 3) <= MAX_RECORD


@kernel
def walk_records(data: Any, have: Int, row: Any) -> None:
    """Add the records of a direction that begins with one to those that were counted; nothing when it does not.

    Both directions must have been asked in turn: the first that is TLS begins the counts.
    """
    if not is_record(data, 0, have):
        return
    if row[IS_TLS] != 1:
        row[IS_TLS] = 1
        row[TLS_ALERTS] = row[TLS_HEARTBEATS] = row[TLS_HEARTBEAT_EXCESS] = 0
    at, plain = np.int64(0), True
    for _ in range(MAX_RECORDS):
        if not is_record(data, at, have):
            break
        kind, size = data[at], u16(data, at + 3)
        if kind == CHANGE_CIPHER:
            plain = False
        elif kind == ALERT:
            row[TLS_ALERTS] += 1
        elif kind == HEARTBEAT:
            row[TLS_HEARTBEATS] += 1
            if (
                plain
                and size >= HEARTBEAT_HEAD
                and at + RECORD + HEARTBEAT_HEAD <= have
                and 1 <= data[at + RECORD] <= 2
            ):
                excess = u16(data, at + RECORD + 1) - (size - HEARTBEAT_HEAD)
                row[TLS_HEARTBEAT_EXCESS] = max(row[TLS_HEARTBEAT_EXCESS], excess)
        at += RECORD + size
