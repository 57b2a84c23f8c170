"""Endpoints that come as text: addresses are checked, written in one way, and hashed to community IDs, many at once.

Flow records name their hosts in text. What is no address is told, not guessed; IPv6 is written as RFC 5952 has it, so
that a host is called the same whatever the source.
"""

from __future__ import annotations

import io
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.flows.community_id import LENGTH, write_community_id
from clan.flows.jit import Int, kernel
from clan.flows.text import write_address

LINE: Final = LENGTH + 2 * 39 + 3
"""The longest line: community ID, two addresses, commas and newline."""
PORTS: Final = (1, 6, 17, 58, 132, 136)
"""Protocols with ports, or with ICMP's type and code in their place."""


def describe_endpoints(frame: pl.DataFrame) -> pl.DataFrame:
    """Check addresses and compute community IDs.

    Args:
        frame: `src_ip`, `dst_ip` (String), `src_port`, `dst_port`, `protocol` (integers); null where unknown.

    Returns:
        `community_id`, `src_ip`, `dst_ip`, as many rows: all three null where one address is none, or they are of
        different versions. A missing port counts as 0 in the hash.

    Example:
        >>> row = {"src_ip": ["0::1"], "dst_ip": ["::2"], "src_port": [1], "dst_port": [2], "protocol": [17]}
        >>> describe_endpoints(pl.DataFrame(row))["src_ip"].to_list()
        ['::1']
    """
    sides = _bytes_of(frame["src_ip"]), _bytes_of(frame["dst_ip"])
    numbers = frame.select(
        pl.col("src_port", "dst_port").fill_null(0).clip(0, 0xFFFF).cast(pl.Int64),
        pl.col("protocol").fill_null(255).clip(0, 255).cast(pl.Int64),
    )
    ports = np.stack([numbers["src_port"].to_numpy(), numbers["dst_port"].to_numpy()])
    out = np.empty(LINE * frame.height + 1, np.uint8)
    scratch = np.zeros(64, np.uint8), np.zeros(80, np.uint64), np.zeros(21, np.uint8)
    words = np.zeros(4, np.uint64)
    groups, pair = np.zeros(8, np.uint64), np.zeros(2, np.int64)
    protocol = numbers["protocol"].to_numpy()
    size = write_endpoints(sides, ports, protocol, (words, groups, pair), scratch, out)
    names = {"community_id": pl.String(), "src_ip": pl.String(), "dst_ip": pl.String()}
    if not frame.height:
        return pl.DataFrame(schema=names)
    return pl.read_csv(io.BytesIO(out[:size].tobytes()), has_header=False, schema=names)


class Words(NamedTuple):
    """Addresses as numbers: high and low half, and version (0 where a text is no address); each of shape `(n,)`."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    version: NDArray[np.uint8]


def address_words(texts: pl.Series) -> Words:
    """Read addresses.

    Example:
        >>> address_words(pl.Series(["10.0.0.1", "::2", "host"])).version.tolist()
        [4, 6, 0]
    """
    text, starts = _bytes_of(texts)
    ends = np.zeros((len(texts), 2), np.uint64)
    version = np.zeros(len(texts), np.uint8)
    read_addresses(text, starts, np.zeros(8, np.uint64), ends, version)
    return Words(ends[:, 0].copy(), ends[:, 1].copy(), version)


@kernel
def read_addresses(text: Any, starts: Any, groups: Any, ends: Any, version: Any) -> None:
    """Read many addresses: words of shape `(n, 2)`, versions of shape `(n,)`."""
    for i in range(version.size):
        version[i] = read_address(text, starts[i], starts[i + 1], ends[i], 0, groups)


def _bytes_of(texts: pl.Series) -> tuple[Any, Any]:
    """Give the bytes of all texts in one array, and where each begins (one more than there are texts)."""
    filled = texts.fill_null("")
    starts = np.zeros(len(filled) + 1, np.int64)
    np.cumsum(filled.str.len_bytes().to_numpy(), out=starts[1:])
    joined = filled.str.join("").item() if len(filled) else ""
    return np.frombuffer((joined or "").encode(), np.uint8), starts


@kernel
def write_endpoints(sides: Any, ports: Any, protocol: Any, words: Any, scratch: Any, out: Any) -> Int:
    """Write a line of community ID and addresses for each row, of empty fields where they are none; gives the bytes."""
    ends, groups, pair = words
    (src, src_at), (dst, dst_at) = sides
    at = 0
    for i in range(protocol.size):
        one = read_address(src, src_at[i], src_at[i + 1], ends, 0, groups)
        other = read_address(dst, dst_at[i], dst_at[i + 1], ends, 2, groups)
        if one != 0 and one == other:
            pair[0], pair[1] = ports[0, i], ports[1, i]
            write_community_id(ends, pair, protocol[i], one, scratch, out, at)
            at += LENGTH
            out[at] = 44
            at = write_address(ends[0], ends[1], one, out, at + 1)
            out[at] = 44
            at = write_address(ends[2], ends[3], one, out, at + 1)
        else:
            out[at], out[at + 1] = 44, 44
            at += 2
        out[at] = 10
        at += 1
    return at


@kernel
def read_address(text: Any, start: Int, end: Int, ends: Any, at: Int, groups: Any) -> Int:
    """Read an address into two words; gives its version, 0 where it is none."""
    for i in range(start, end):
        if text[i] == 58:
            return read_ipv6(text, start, end, ends, at, groups)
    value = read_ipv4(text, start, end)
    if value < 0:
        return 0
    ends[at], ends[at + 1] = np.uint64(0), np.uint64(value)
    return 4


@kernel
def read_ipv4(text: Any, start: Int, end: Int) -> Int:
    """Read four decimals with points between; gives -1 where they are none."""
    value, part, digits, parts = np.int64(0), np.int64(0), 0, 1
    for i in range(start, end):
        byte = np.int64(text[i])
        if byte == 46:
            if digits == 0 or parts == 4:
                return np.int64(-1)
            value, part, digits, parts = value * 256 + part, np.int64(0), 0, parts + 1
        elif 48 <= byte <= 57:
            part, digits = part * 10 + byte - 48, digits + 1
            if part > 255 or digits > 3:
                return np.int64(-1)
        else:
            return np.int64(-1)
    return value * 256 + part if parts == 4 and digits > 0 else np.int64(-1)


@kernel
def hex_digit(byte: Int) -> Int:
    """Read one hexadecimal digit; gives -1 where it is none."""
    if 48 <= byte <= 57:
        return byte - 48
    if 97 <= byte <= 102:
        return byte - 87
    if 65 <= byte <= 70:
        return byte - 55
    return np.int64(-1)


@kernel
def read_ipv6(text: Any, start: Int, end: Int, ends: Any, at: Int, groups: Any) -> Int:
    """Read groups of hexadecimal digits, one gap of `::`, and an IPv4 tail, into two words; gives 6, or 0."""
    n, gap, i = 0, -1, start
    if end - start > 45 or end - start < 2:
        return 0
    if text[start] == 58:
        if text[start + 1] != 58:
            return 0
        gap, i = 0, start + 2
    while i < end:
        if n == 8:
            return 0
        value, after = read_group(text, i, end)
        if after < end and text[after] == 46:
            return place_groups(read_tail(text, i, end, n, groups), gap, ends, at, groups)
        if value < 0:
            return 0
        groups[n] = np.uint64(value)
        n, i = n + 1, after
        if i < end:
            i, gap = next_group(text, i, end, n, gap)
            if i < 0:
                return 0
    return place_groups(n, gap, ends, at, groups)


@kernel
def read_group(text: Any, start: Int, end: Int) -> Any:
    """Read one to four hexadecimal digits; gives their value, -1 where they are others, and the position behind."""
    value, at = np.int64(0), start
    while at < end and at - start < 5 and hex_digit(np.int64(text[at])) >= 0:
        value = value * 16 + hex_digit(np.int64(text[at]))
        at += 1
    return (value, at) if 0 < at - start < 5 else (np.int64(-1), at)


@kernel
def next_group(text: Any, at: Int, end: Int, n: Int, gap: Int) -> Any:
    """Step over what stands between two groups; gives the position behind (-1 where it is wrong) and the gap."""
    if text[at] != 58 or at + 1 == end:
        return -1, gap
    if text[at + 1] != 58:
        return at + 1, gap
    return (-1, gap) if gap >= 0 else (at + 2, n)


@kernel
def read_tail(text: Any, start: Int, end: Int, n: Int, groups: Any) -> Int:
    """Read an IPv4 tail as two groups; gives how many groups there are, -1 where it is none."""
    tail = read_ipv4(text, start, end) if n <= 6 else np.int64(-1)
    if tail < 0:
        return -1
    groups[n], groups[n + 1] = np.uint64(tail >> 16), np.uint64(tail & 0xFFFF)
    return n + 2


@kernel
def place_groups(n: Int, gap: Int, ends: Any, at: Int, groups: Any) -> Int:
    """Put the groups that were read into two words, zeros where the gap is; gives 6, or 0 where they are too few."""
    if n < 0 or (gap < 0 and n != 8) or (gap >= 0 and n > 7):
        return 0
    ends[at], ends[at + 1] = np.uint64(0), np.uint64(0)
    for i in range(n):
        place = i if gap < 0 or i < gap else i + 8 - n
        half, shift = place // 4, 16 * (3 - place % 4)
        ends[at + half] |= groups[i] << np.uint64(shift)
    return 6
