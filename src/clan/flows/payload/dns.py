"""DNS messages (RFC 1035), over UDP or TCP, whatever the port; mDNS, LLMNR and NetBIOS names have the same form."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.packet import TCP, UDP
from clan.flows.payload.bytes import UNUSUAL_IN_NAME, Scratch
from clan.flows.payload.bytes import entropy as entropy_of
from clan.flows.payload.layout import (
    DNS_ANSWER_SIZE,
    DNS_ANSWERS,
    DNS_ASKS,
    DNS_LABELS,
    DNS_LONGEST_LABEL,
    DNS_NAME_DIGITS,
    DNS_NAME_ENTROPY,
    DNS_NAME_LENGTH,
    DNS_NAME_UNUSUAL,
    DNS_NAMES_OF_DOMAIN,
    DNS_QUERY_SIZE,
    DNS_RCODE,
    IS_DNS,
)
from clan.flows.payload.names import Names, count_names, hash_name, lower, parent_label
from clan.flows.wire import u16

HEADER: Final = 12
MAX_NAME: Final = 255
MAX_LABELS: Final = 127
MAX_QUESTIONS: Final = 32
NO_MESSAGE: Final = -1
ADDRESS: Final = 0
NAME: Final = 1
TEXT: Final = 2
OTHER: Final = 3


@kernel
def describe_dns(data: Any, note: Any, scratch: Scratch, names: Names, row: Any) -> None:
    """Fill the columns of DNS, where the flow speaks it."""
    if note.protocol not in (UDP, TCP):
        return
    asked = NO_MESSAGE
    for way in range(2):
        start = 2 if note.protocol == TCP else 0
        if not is_message(data[way], start, np.int64(note.have[way]), note):
            continue
        row[IS_DNS] = 1
        size = u16(data[way], 0) if note.protocol == TCP else np.int64(note.first[way])
        if data[way, start + 2] & 0x80:
            row[DNS_ANSWER_SIZE] = size
            row[DNS_ANSWERS] = u16(data[way], start + 6)
            row[DNS_RCODE] = data[way, start + 3] & 0x0F
            if asked == NO_MESSAGE:
                asked = way
        else:
            row[DNS_QUERY_SIZE] = size
            asked = way
    if asked != NO_MESSAGE:
        start = 2 if note.protocol == TCP else 0
        if u16(data[asked], start + 4) > 0:  # an answer of mDNS repeats no question
            describe_question(data[asked], start + HEADER, note, np.int64(note.have[asked]), scratch, names, row)


@kernel
def is_message(data: Any, start: Int, have: Int, note: Any) -> bool:
    """Tell whether the bytes of a direction begin with a DNS message.

    Anything goes on the ports of DNS that is possible; elsewhere one question of a usual class must be there in full.
    """
    if have < start + HEADER or (start == 2 and u16(data, 0) < HEADER):
        return False
    flags, questions = u16(data, start + 2), u16(data, start + 4)
    operation = flags >> 11 & 0x0F
    if operation > 6 or operation == 3 or questions > MAX_QUESTIONS:
        return False
    for side in range(2):
        if note.ports[side] in (53, 137, 5353, 5355):
            return True
    if questions != 1 or flags & 0x0040:
        return False
    end, _ = walk_name(data, start + HEADER, have)
    return 0 < end <= have - 4 and u16(data, end + 2) in (1, 3, 4, 255)


@kernel
def walk_name(data: Any, at: Int, have: Int) -> tuple[Int, Int]:
    """Follow the labels of a question's name, in which no pointer can have anything to point at.

    Returns:
        Where it ends, and its labels; (0, 0) when it does not end, points, or is too long.
    """
    start = at
    for labels in range(MAX_LABELS + 1):
        if at >= have or at - start >= MAX_NAME:
            break
        length = np.int64(data[at])
        if length == 0:
            return at + 1, labels
        if length > 63:
            break
        at += length + 1
    return 0, 0


@kernel
def describe_question(data: Any, start: Int, note: Any, have: Int, scratch: Scratch, names: Names, row: Any) -> None:
    """Fill what the first question tells, where all of it can be seen."""
    end, labels = walk_name(data, start, have)
    if end == 0:
        return
    if end <= have - 2:
        for kind in range(OTHER + 1):
            row[DNS_ASKS + kind] = 0
        row[DNS_ASKS + kind_of(u16(data, end))] = 1
    counts, lengths = scratch.counts[2], scratch.counts[1]  # the histograms have been used by now
    for value in range(256):
        counts[value] = 0
    at, longest, characters = start, np.int64(0), np.int64(0)
    for label in range(labels):
        length = np.int64(data[at])
        lengths[label] = length
        longest = max(longest, length)
        characters += length
        for i in range(at + 1, at + 1 + length):
            counts[lower(data[i])] += 1
        at += length + 1
    count_characters(counts, scratch, row)
    row[DNS_NAME_LENGTH] = max(end - start - 2, 0)
    row[DNS_LABELS] = labels
    row[DNS_LONGEST_LABEL] = longest
    row[DNS_NAME_ENTROPY] = entropy_of(counts, characters, scratch) if characters > 0 else 0.0
    at = start
    for label in range(parent_label(lengths, labels)):
        at += lengths[label] + 1
    row[DNS_NAMES_OF_DOMAIN] = count_names(
        names, hash_name(data, at, end), hash_name(data, start, end), np.int64(note.since)
    )


@kernel
def count_characters(counts: Any, scratch: Scratch, row: Any) -> None:
    """Fill how many characters of a name are digits, and how many are what no usual name has."""
    digits, unusual = np.int64(0), np.int64(0)
    for value in range(256):
        if scratch.unusual[value] & UNUSUAL_IN_NAME != 0:
            unusual += counts[value]
        elif 48 <= value <= 57:
            digits += counts[value]
    row[DNS_NAME_DIGITS], row[DNS_NAME_UNUSUAL] = digits, unusual


@kernel
def kind_of(question: Int) -> Int:
    """Sort a question's type."""
    if question in (1, 28, 64, 65):
        return ADDRESS
    if question in (2, 5, 6, 12, 15, 33):
        return NAME
    if question in (10, 16, 25, 99, 255):
        return TEXT
    return OTHER
