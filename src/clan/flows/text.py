"""Who a flow was between, as text: addresses, uid, community ID, written by compiled code into one CSV buffer."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.community_id import LENGTH, write_community_id
from clan.flows.jit import Int, kernel
from clan.flows.layer import TUNNEL_NAMES

UID_LENGTH: Final = 18
TUNNEL_LENGTH: Final = 8 + 2 * 39 + 4 + 11
"""The longest tunnel: name, two addresses, a number of ten digits, and what stands between."""

LINE_LENGTH: Final = UID_LENGTH + LENGTH + 2 * 39 + 5 * 5 + TUNNEL_LENGTH + 6
"""The longest line: uid, community ID, two addresses of at most 39 characters, VLANs, tunnel, commas and newline."""

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_TUNNELS = np.frombuffer("".join(f"{name:8}" for name in TUNNEL_NAMES).encode(), np.uint8)
_BASE32 = np.frombuffer(b"0123456789abcdefghijkmnpqrstuvwx", np.uint8)


@kernel
def write_decimal(number: Int, out: Any, at: Int) -> Int:
    """Write a number from 0 to 2^32 - 1; gives the position behind it."""
    unit = np.int64(1)
    while unit * 10 <= number:
        unit *= 10
    while unit > 0:
        out[at] = 48 + number // unit % 10
        unit //= 10
        at += 1
    return at


@kernel
def write_vlans(tags: Any, out: Any, at: Int) -> Int:
    """Write VLAN ids, outermost first, with points between; nothing where there is none."""
    started = False
    for i in range(5):
        vlan = np.int64((tags >> np.uint64(12 * (4 - i))) & np.uint64(0xFFF))
        if vlan or started:
            if started:
                out[at] = 46
                at += 1
            at = write_decimal(vlan, out, at)
            started = True
    return at


@kernel
def write_tunnel(flow: Any, out: Any, at: Int) -> Int:
    """Write a tunnel as its name, the two hosts it runs between with `>` in the middle, and its number if any."""
    for i in range(8):
        letter = _TUNNELS[8 * flow.tunnel + i]
        if letter != 32:
            out[at] = letter
            at += 1
    out[at] = 32
    at = write_address(flow.outer[0], flow.outer[1], flow.outer_version, out, at + 1)
    out[at] = 62
    at = write_address(flow.outer[2], flow.outer[3], flow.outer_version, out, at + 1)
    if flow.tunnel_id:
        out[at] = 35
        at = write_decimal(flow.tunnel_id, out, at + 1)
    return at


@kernel
def write_ipv4(address: Any, out: Any, at: Int) -> Int:
    """Write a dotted quad; gives the position behind it."""
    for i in range(4):
        if i > 0:
            out[at] = 46
            at += 1
        at = write_octet(np.int64((address >> np.uint64(24 - 8 * i)) & np.uint64(0xFF)), out, at)
    return at


@kernel
def write_octet(number: Int, out: Any, at: Int) -> Int:
    """Write a number from 0 to 255 as `write_decimal` does; constant divisors are several times as fast."""
    if number >= 100:
        out[at] = 48 + number // 100
        at += 1
    if number >= 10:
        out[at] = 48 + number // 10 % 10
        at += 1
    out[at] = 48 + number % 10
    return at + 1


@kernel
def group_of(high: Any, low: Any, i: Int) -> Int:
    """Give the ith of the eight 16-bit groups of an IPv6 address."""
    half = high if i < 4 else low
    return np.int64((half >> np.uint64(48 - 16 * (i % 4))) & np.uint64(0xFFFF))


@kernel
def write_ipv6(high: Any, low: Any, out: Any, at: Int) -> Int:
    """Write an IPv6 address as RFC 5952 asks: lower case, the first longest run of zero groups as `::`."""
    best, best_length, run = -1, 1, 0
    for i in range(8):
        run = run + 1 if group_of(high, low, i) == 0 else 0
        if run > best_length:
            best, best_length = i - run + 1, run
    i = 0
    while i < 8:
        if i == best:
            out[at], out[at + 1] = 58, 58
            at += 2
            i += best_length
            continue
        if i > 0 and not (best >= 0 and i == best + best_length):  # a `::` in front stands for the colon
            out[at] = 58
            at += 1
        group = group_of(high, low, i)
        started = False
        for shift in (12, 8, 4, 0):
            digit = (group >> shift) & 15
            if digit or started or shift == 0:
                out[at] = _HEX[digit]
                at += 1
                started = True
        i += 1
    return at


@kernel
def write_address(high: Any, low: Any, version: Int, out: Any, at: Int) -> Int:
    """Write an address of either version; gives the position behind it."""
    return write_ipv6(high, low, out, at) if version == 6 else write_ipv4(low, out, at)


@kernel
def mix(value: Any, word: Any) -> Any:
    """Mix a word into a hash (the finaliser of splitmix64)."""
    value = (value ^ word) + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@kernel
def uid_words(flow: Any) -> Any:
    """Hash key, direction, start and place in the stream to the two numbers that the uid is written from."""
    one = np.uint64(0x243F6A8885A308D3)
    for i in range(flow.key.size):
        one = mix(one, flow.key[i])
    one = mix(one, np.uint64(flow.first_ts))
    return uid_of_hash(mix(one, (np.uint64(flow.ordinal) << np.uint64(1)) | np.uint64(flow.forward_is_a)))


@kernel
def uid_of_hash(value: Any) -> Any:
    """Give the two numbers that a uid is written from: 9 and 8 digits of 5 bits."""
    return value >> np.uint64(19), mix(value, np.uint64(0x13198A2E03707344)) >> np.uint64(24)


@kernel
def write_uid(flow: Any, out: Any, at: Int) -> Int:
    """Write the uid: 85 bits of a hash, the same in every run; texts sort as their numbers do."""
    one, other = uid_words(flow)
    return write_uid_words(one, other, out, at)


@kernel
def write_uid_words(one: Any, other: Any, out: Any, at: Int) -> Int:
    """Write a uid from its two numbers; gives the position behind it."""
    out[at] = 67  # "C", as Zeek's uids begin
    for i in range(9):
        out[at + 1 + i] = _BASE32[np.int64((one >> np.uint64(5 * (8 - i))) & np.uint64(31))]
    for i in range(8):
        out[at + 10 + i] = _BASE32[np.int64((other >> np.uint64(5 * (7 - i))) & np.uint64(31))]
    return at + UID_LENGTH


@kernel
def number_uids(flows: Any, which: Any, out: Any) -> None:
    """Fill the numbers of some flows' uids into uint64 of shape `(2, n)`, for sorting."""
    for i in range(which.size):
        out[0, i], out[1, i] = uid_words(flows[which[i]])


@kernel
def write_identity(flow: Any, scratch: Any, numbers: Any, i: Int, out: Any, at: Int) -> Int:
    """Write one line: uid, community ID, source and destination address, VLANs, tunnel.

    Args:
        flow: A `STATE` record.
        scratch: As `new_text_scratch` makes it.
        numbers: int64 of shape `(5, n)`: start and end in us, source port, destination port, protocol are written.
        i: The place in `numbers`.
        out: uint8 buffer with room for `LINE_LENGTH` more.
        at: Where the line begins.

    Returns:
        The position behind the line.
    """
    hash_scratch, endpoints, ports = scratch
    version = np.int64(flow.key[4] & np.uint64(0xFF))
    both = np.int64(flow.key[4] >> np.uint64(16))
    source = 0 if flow.forward_is_a else 2
    for j in range(2):
        endpoints[j] = flow.key[source + j]
        endpoints[2 + j] = flow.key[2 - source + j]
    ports[0] = both >> 16 if source == 0 else both & 0xFFFF
    ports[1] = both & 0xFFFF if source == 0 else both >> 16
    at = write_uid(flow, out, at)
    out[at] = 44
    write_community_id(endpoints, ports, flow.protocol, version, hash_scratch, out, at + 1)
    at += 1 + LENGTH
    out[at] = 44
    at = write_address(endpoints[0], endpoints[1], version, out, at + 1)
    out[at] = 44
    at = write_address(endpoints[2], endpoints[3], version, out, at + 1)
    out[at] = 44
    at = write_vlans(flow.key[5], out, at + 1) if flow.tunnel == 0 else at + 1
    out[at] = 44
    at = write_tunnel(flow, out, at + 1) if flow.tunnel != 0 else at + 1
    out[at] = 10
    numbers[0, i], numbers[1, i] = flow.first_ts, flow.last_ts
    numbers[2, i], numbers[3, i], numbers[4, i] = ports[0], ports[1], flow.protocol
    return at + 1


def new_text_scratch() -> tuple[object, ...]:
    """Make what `write_identity` works in: the hash's arrays, endpoints `(4,)`, ports `(2,)`."""
    hashing = (np.zeros(64, np.uint8), np.zeros(80, np.uint32), np.zeros(21, np.uint8))
    return hashing, np.zeros(4, np.uint64), np.zeros(2, np.int64)
