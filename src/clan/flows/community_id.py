"""Community ID v1: the hash by which tools agree on a flow.

Specification: https://github.com/corelight/community-id-spec. SHA-1 (FIPS 180-4) is written out here because it must
run inside compiled code, once for each flow; it serves as an identifier, not as a protection.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.packet import ICMP, ICMPV6, SCTP, TCP, UDP
from clan.flows.transport import icmp_counterpart, icmpv6_counterpart
from clan.flows.wire import u32

LENGTH: Final = 30
"""Characters of a community ID: `1:` and 28 of base64."""

_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)


_LOW: Final = np.uint64(0xFFFFFFFF)
_CONSTANTS: Final = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)


@kernel
def rotate(word: Any, by: Int) -> Any:
    """Rotate 32 bits to the left."""
    wide = np.uint64(word)
    return np.uint32(((wide << np.uint64(by)) | (wide >> np.uint64(32 - by))) & _LOW)


@kernel
def add(one: Any, other: Any) -> Any:
    """Add modulo 2^32."""
    return np.uint32((np.uint64(one) + np.uint64(other)) & _LOW)


@kernel
def sha1_block(message: Any, words: Any, digest: Any) -> None:
    """Hash one padded block.

    Args:
        message: uint8 of shape `(64,)`, padding and length included.
        words: uint32 of shape `(80,)`, scratch.
        digest: uint8 of shape `(21,)`; the first 20 bytes are written.
    """
    for i in range(16):
        words[i] = u32(message, 4 * i)
    for i in range(16, 80):
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1)
    a, b, c = np.uint32(0x67452301), np.uint32(0xEFCDAB89), np.uint32(0x98BADCFE)
    d, e = np.uint32(0x10325476), np.uint32(0xC3D2E1F0)
    for i in range(20):
        turned = add(add(rotate(a, 5), d ^ (b & (c ^ d))), add(add(e, words[i]), _CONSTANTS[0]))
        e, d, c, b, a = d, c, rotate(b, 30), a, turned
    for i in range(20, 40):
        turned = add(add(rotate(a, 5), b ^ c ^ d), add(add(e, words[i]), _CONSTANTS[1]))
        e, d, c, b, a = d, c, rotate(b, 30), a, turned
    for i in range(40, 60):
        turned = add(add(rotate(a, 5), (b & c) | (d & (b | c))), add(add(e, words[i]), _CONSTANTS[2]))
        e, d, c, b, a = d, c, rotate(b, 30), a, turned
    for i in range(60, 80):
        turned = add(add(rotate(a, 5), b ^ c ^ d), add(add(e, words[i]), _CONSTANTS[3]))
        e, d, c, b, a = d, c, rotate(b, 30), a, turned
    store(digest, 0, add(a, np.uint32(0x67452301)), 4)
    store(digest, 4, add(b, np.uint32(0xEFCDAB89)), 4)
    store(digest, 8, add(c, np.uint32(0x98BADCFE)), 4)
    store(digest, 12, add(d, np.uint32(0x10325476)), 4)
    store(digest, 16, add(e, np.uint32(0xC3D2E1F0)), 4)


@kernel
def store(out: Any, at: Int, value: Any, n: Int) -> Int:
    """Write the lower n bytes of a number in network order; gives the position behind them."""
    for i in range(n):
        out[at + i] = np.uint8((np.uint64(value) >> np.uint64(8 * (n - 1 - i))) & np.uint64(0xFF))
    return at + n


@kernel
def is_one_way(protocol: Int, src_port: Int, dst_port: Int) -> bool:
    """Tell whether an ICMP message has no counterpart, so that its endpoints are not put into order."""
    if protocol == ICMP:
        return icmp_counterpart(src_port) != dst_port
    if protocol == ICMPV6:
        return icmpv6_counterpart(src_port) != dst_port
    return False


@kernel
def write_community_id(
    endpoints: Any, ports: Any, protocol: Int, version: Int, scratch: Any, out: Any, at: Int
) -> None:
    """Write the community ID (seed 0) of a flow as text.

    Args:
        endpoints: uint64 of shape `(4,)`: source high and low, destination high and low.
        ports: int64 of shape `(2,)`: source and destination; ICMP type and code as in `transport`.
        protocol: IANA number.
        version: 4 or 6.
        scratch: Block (uint8, 64), words (uint64, 80), digest (uint8, 21).
        out: uint8 buffer.
        at: Where the `LENGTH` characters go.
    """
    block, words, digest = scratch
    block[:] = 0
    swap = endpoints[0] > endpoints[2] or (endpoints[0] == endpoints[2] and endpoints[1] > endpoints[3])
    if endpoints[0] == endpoints[2] and endpoints[1] == endpoints[3]:
        swap = ports[0] > ports[1]
    if is_one_way(protocol, ports[0], ports[1]):
        swap = False
    first, second = (2, 0) if swap else (0, 2)
    n = 2  # the seed, 0
    for side in (first, second):
        if version == 6:
            n = store(block, n, endpoints[side], 8)
            n = store(block, n, endpoints[side + 1], 8)
        else:
            n = store(block, n, endpoints[side + 1], 4)
    n = store(block, n, np.uint64(protocol), 1) + 1
    if protocol in (TCP, UDP, SCTP, ICMP, ICMPV6):
        n = store(block, n, np.uint64(ports[1 if swap else 0]), 2)
        n = store(block, n, np.uint64(ports[0 if swap else 1]), 2)
    block[n] = 0x80
    store(block, 62, np.uint64(8 * n), 2)
    sha1_block(block, words, digest)
    digest[20] = 0
    out[at], out[at + 1] = 49, 58  # "1:"
    for i in range(7):
        triple = (np.int64(digest[3 * i]) << 16) | (np.int64(digest[3 * i + 1]) << 8) | np.int64(digest[3 * i + 2])
        for j in range(4):
            out[at + 2 + 4 * i + j] = _BASE64[(triple >> (18 - 6 * j)) & 63]
    out[at + LENGTH - 1] = 61  # "=": 20 bytes leave one sextet of padding
