"""Who a flow was between, for sources whose flows are columns of numbers: addresses as text, uid, community ID."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.flows.community_id import LENGTH, write_community_id
from clan.flows.jit import Int, kernel
from clan.flows.packet import ICMP, ICMPV6
from clan.flows.text import UID_LENGTH, mix, new_text_scratch, uid_of_hash, write_address, write_uid_words
from clan.flows.transport import icmp_counterpart, icmpv6_counterpart

LINE_LENGTH: Final = UID_LENGTH + LENGTH + 2 * 39 + 4

Ports = NDArray[np.uint16]


def icmp_ports(protocol: NDArray[np.uint8], src_port: Ports, dst_port: Ports, icmp: Ports) -> tuple[Ports, Ports]:
    """Give the ports of flows; those of ICMP are type and code as the flow engine has them.

    Args:
        protocol: IANA numbers. Shape `(n,)`.
        src_port: As the source tells them. Shape `(n,)`.
        dst_port: The same.
        icmp: Type * 256 + code where the protocol is ICMP or ICMPv6. Shape `(n,)`.

    Returns:
        Source and destination ports: the type, and the type that answers it, or the code where there is none.
    """
    out = src_port, dst_port
    for number, answer in ((ICMP, icmp_counterpart), (ICMPV6, icmpv6_counterpart)):
        ours = protocol == number
        if ours.any():
            plain: Any = getattr(answer, "py_func", answer)
            answers = np.array([plain(kind) for kind in range(256)])
            kind, code = (icmp >> 8).astype(np.int64), icmp & np.uint16(0xFF)
            other = np.where(answers[kind] >= 0, answers[kind], code)
            out = np.where(ours, kind, out[0]).astype(np.uint16), np.where(ours, other, out[1]).astype(np.uint16)
    return out


def identify(columns: Mapping[str, NDArray[Any]], start: NDArray[np.int64], ordinal: NDArray[np.int64]) -> pl.DataFrame:
    """Write uid, community ID and addresses of flows.

    Args:
        columns: `src_hi`, `src_lo`, `dst_hi`, `dst_lo` (uint64), `version` (4 or 6), `src_port`, `dst_port` and
            `protocol`; each of shape `(n,)`.
        start: When they began, us. Shape `(n,)`.
        ordinal: Tells flows apart that agree in everything else. Shape `(n,)`.

    Returns:
        Columns `uid`, `community_id`, `src_ip`, `dst_ip`, all text. The uid follows from the arguments alone.
    """
    n = len(start)
    ends = np.stack([columns[name].astype(np.uint64) for name in ("src_hi", "src_lo", "dst_hi", "dst_lo")])
    names = ("version", "src_port", "dst_port", "protocol")
    small = np.stack([*(columns[name].astype(np.int64) for name in names), start, ordinal])
    out = np.empty(n * LINE_LENGTH, np.uint8)
    used = write_lines(ends, small, new_text_scratch(), out)
    names = ("uid", "community_id", "src_ip", "dst_ip")
    if n == 0:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
    return pl.read_csv(
        io.BytesIO(out[:used].tobytes()), has_header=False, schema=dict.fromkeys(names, pl.String()), quote_char=None
    )


def warm_up_identity() -> None:
    """Compile what `identify` runs, so that the first flows need not wait."""
    nothing = {name: np.zeros(1, np.uint64) for name in ("src_hi", "src_lo", "dst_hi", "dst_lo")}
    small = dict.fromkeys(("version", "src_port", "dst_port", "protocol"), np.full(1, 4, np.int64))
    identify(nothing | small, np.zeros(1, np.int64), np.zeros(1, np.int64))


@kernel
def write_lines(ends: Any, small: Any, scratch: Any, out: Any) -> Int:
    """Write a line for each flow; gives the bytes written.

    Args:
        ends: uint64 of shape `(4, n)`.
        small: int64 of shape `(6, n)`: version, source port, destination port, protocol, start, ordinal.
        scratch: As `new_text_scratch` makes it.
        out: uint8 with room for n lines.
    """
    hash_scratch, endpoints, ports = scratch
    at = 0
    for i in range(ends.shape[1]):
        value = np.uint64(0x243F6A8885A308D3)
        for j in range(4):
            endpoints[j] = ends[j, i]
            value = mix(value, ends[j, i])
        for j in range(6):
            value = mix(value, np.uint64(small[j, i]))
        ports[0], ports[1] = small[1, i], small[2, i]
        version, protocol = small[0, i], small[3, i]
        one, other = uid_of_hash(value)
        at = write_uid_words(one, other, out, at)
        out[at] = 44
        write_community_id(endpoints, ports, protocol, version, hash_scratch, out, at + 1)
        at += 1 + LENGTH
        out[at] = 44
        at = write_address(endpoints[0], endpoints[1], version, out, at + 1)
        out[at] = 44
        at = write_address(endpoints[2], endpoints[3], version, out, at + 1)
        out[at] = 10
        at += 1
    return at
