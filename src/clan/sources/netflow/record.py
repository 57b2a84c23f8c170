"""One record in one direction, as columns: the common ground of v5, v9, IPFIX and nfdump."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.flows import icmp_ports

RECORD: Final[dict[str, pl.DataType]] = {
    "src_hi": pl.UInt64(),
    "src_lo": pl.UInt64(),
    "dst_hi": pl.UInt64(),
    "dst_lo": pl.UInt64(),
    "version": pl.UInt8(),
    "src_port": pl.UInt16(),
    "dst_port": pl.UInt16(),
    "protocol": pl.UInt8(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "packets": pl.Int64(),
    "bytes": pl.Int64(),
    "flags": pl.Int16(),
    "back_packets": pl.Int64(),
    "back_bytes": pl.Int64(),
    "back_flags": pl.Int16(),
    "vlan": pl.UInt16(),
    "order": pl.Int64(),
}
"""Columns of a table of records. Times in us since 1970; `order` is the place in the stream; counts are those of the
whole traffic, sampling undone; `flags` is the union of the TCP flags; what a record does not tell is null. The `back_`
columns are of records that tell both directions."""

Unsigned = NDArray[np.uint64]
_NTP_1900: Final = 2_208_988_800
_MAX_COUNT: Final = np.uint64((1 << 53) - 1)
"""More packets or bytes than this are a lie, and would not survive as a float."""
_FAR_US: Final = 4_102_444_800_000_000
"""The year 2100: no time can be later."""
_AHEAD_US: Final = 86_400_000_000
"""By how much a flow may seem to end after it was sent."""


class Sent(NamedTuple):
    """What the datagrams say about each record, as int64 of shape `(n,)`.

    Attributes:
        exported: When it was sent, us.
        boot: When the exporter started, us; 0 where unknown.
        rate: One packet in this many was looked at.
        order: Place in the stream.
    """

    exported: NDArray[np.int64]
    boot: NDArray[np.int64]
    rate: NDArray[np.int64]
    order: NDArray[np.int64]


def make_records(read: Mapping[str, Unsigned], sent: Sent) -> tuple[pl.DataFrame, dict[str, int]]:
    """Put the columns of records together.

    Args:
        read: The elements of the records, by our names (`clan.sources.netflow.element`).
        sent: What is known from the datagrams.

    Returns:
        A table as `RECORD`, and how many were left out or repaired, by reason.
    """
    n = len(sent.order)
    ends = _endpoints(read, n)
    if ends is None:
        return pl.DataFrame(schema=RECORD), {"records_without_addresses": n}
    protocol = read.get("protocol", np.zeros(n, np.uint64)).astype(np.uint8)
    ports = [(read.get(name, np.zeros(n, np.uint64)) & np.uint64(0xFFFF)).astype(np.uint16) for name in _PORTS]
    src_port, dst_port = icmp_ports(protocol, ports[0], ports[1], _icmp(read, ports[1]))
    start, end, untimed = _times(read, sent)
    ahead = end > np.minimum(sent.exported + _AHEAD_US, _FAR_US)
    wrong = (start > end) | (start < 0) | ahead
    end = np.maximum(np.where(ahead, np.minimum(sent.exported, _FAR_US), end), 0)
    start = np.where(wrong, end, start)
    turned = read["turned"] == 2 if "turned" in read else None
    columns: dict[str, Any] = {
        **ends,
        "src_port": src_port,
        "dst_port": dst_port,
        "protocol": protocol,
        "start": start,
        "end": end,
        **{name: _count(read, name, sent.rate) for name in ("packets", "bytes", "back_packets", "back_bytes")},
        **{name: _flags(read, name) for name in ("flags", "back_flags")},
        "vlan": (read["vlan"] & np.uint64(0xFFF)).astype(np.uint16) if "vlan" in read else None,
        "order": sent.order,
    }
    frame = pl.DataFrame({name: _column(columns[name], n, dtype) for name, dtype in RECORD.items()})
    if turned is not None and turned.any():
        frame = _turn(frame, turned)
    notes = {"records_without_times": n if untimed else 0, "records_with_impossible_times": int(wrong.sum())}
    notes["sampled_records"] = int((sent.rate > 1).sum())
    return frame, notes


_PORTS: Final = ("src_port", "dst_port")
_ENDS: Final = (("src_hi", "dst_hi"), ("src_lo", "dst_lo"), ("src_port", "dst_port"))
_WAYS: Final = (("packets", "back_packets"), ("bytes", "back_bytes"), ("flags", "back_flags"))


def _column(values: Any, n: int, dtype: pl.DataType) -> pl.Series:
    return pl.Series(values, dtype=dtype) if values is not None else pl.repeat(None, n, dtype=dtype, eager=True)


def _endpoints(read: Mapping[str, Unsigned], n: int) -> dict[str, Any] | None:
    """Read both addresses; None where the records have none. Templates with both versions fill the one in use."""
    zero = np.zeros(n, np.uint64)
    four = "src_v4" in read and "dst_v4" in read
    six = "src_v6" in read and "dst_v6" in read
    if not four and not six:
        return None
    out: dict[str, Any] = {"src_hi": zero, "dst_hi": zero, "version": np.full(n, 4, np.uint8)}
    out |= {"src_lo": read["src_v4"], "dst_lo": read["dst_v4"]} if four else {}
    if six:
        used = (read["src_v6"] != 0).any(axis=1) | (read["dst_v6"] != 0).any(axis=1)
        used |= not four
        for side in ("src", "dst"):
            high, low = read[f"{side}_v6"].T
            out[f"{side}_hi"] = np.where(used, high, zero)
            out[f"{side}_lo"] = np.where(used, low, out.get(f"{side}_lo", zero))
        out["version"] = np.where(used, 6, 4).astype(np.uint8)
    return out


def _icmp(read: Mapping[str, Unsigned], dst_port: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Give ICMP type and code as type * 256 + code: an element of their own, or where the port would be."""
    if "icmp_type" in read:
        code = read.get("icmp_code", np.zeros_like(read["icmp_type"]))
        return ((read["icmp_type"] & np.uint64(0xFF)) << np.uint64(8) | (code & np.uint64(0xFF))).astype(np.uint16)
    return (read["icmp"] & np.uint64(0xFFFF)).astype(np.uint16) if "icmp" in read else dst_port


def _flags(read: Mapping[str, Unsigned], name: str) -> NDArray[np.int16] | None:
    return (read[name] & np.uint64(0xFF)).astype(np.int16) if name in read else None


def _count(read: Mapping[str, Unsigned], name: str, rate: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Read a count and undo the sampling."""
    if name not in read:
        return None
    most = _MAX_COUNT // rate.astype(np.uint64)
    return np.minimum(read[name], most).astype(np.int64) * rate


def _times(read: Mapping[str, Unsigned], sent: Sent) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Read start and end in us, in the best way that the records have; and whether there was none."""
    start, end = _time(read, "start", sent), _time(read, "end", sent)
    lasted = None
    for name, unit in (("lasted_us", 1), ("lasted_ms", 1000)):
        if name in read:
            lasted = np.minimum(read[name], np.uint64(1 << 40)).astype(np.int64) * unit
            break
    untimed = start is None and end is None
    if end is None:
        end = sent.exported if start is None else start + (0 if lasted is None else lasted)
    if start is None:
        start = end - (0 if lasted is None else lasted)
    return start, end, untimed


def _time(read: Mapping[str, Unsigned], which: str, sent: Sent) -> NDArray[np.int64] | None:
    """Read a time in us; None where the records do not have it."""
    far = np.uint64(_FAR_US)
    if f"{which}_ms" in read:
        return np.minimum(read[f"{which}_ms"], far).astype(np.int64) * 1000
    if f"{which}_ntp" in read:
        seconds, fraction = np.divmod(read[f"{which}_ntp"], np.uint64(1 << 32))
        return (seconds.astype(np.int64) - _NTP_1900) * 1_000_000 + (fraction.astype(np.int64) * 1_000_000 >> 32)
    if f"{which}_ago" in read:
        return sent.exported - np.minimum(read[f"{which}_ago"], far).astype(np.int64)
    if f"{which}_up" in read and ("boot_ms" in read or sent.boot.any()):
        boot = sent.boot
        if "boot_ms" in read:
            boot = np.minimum(read["boot_ms"], far).astype(np.int64) * 1000
        # 32 bits of ms wrap after 49 days: the record is of the time shortly before it was sent
        wrap = (1 << 32) * 1000
        when = boot + (read[f"{which}_up"] & np.uint64(0xFFFFFFFF)).astype(np.int64) * 1000
        return when + np.round((sent.exported - when) / wrap).astype(np.int64) * wrap
    if f"{which}_s" in read:
        return np.minimum(read[f"{which}_s"], far).astype(np.int64) * 1_000_000
    return None


def _turn(frame: pl.DataFrame, turned: NDArray[np.bool_]) -> pl.DataFrame:
    """Exchange the ends of records whose forward direction is the other one's (RFC 5103, `biflowDirection` 2)."""
    when, swaps = pl.lit(pl.Series(turned)), []
    for one, other in (*_ENDS, *_WAYS):
        swaps += [
            pl.when(when).then(other).otherwise(one).alias(one),
            pl.when(when).then(one).otherwise(other).alias(other),
        ]
    return frame.with_columns(swaps)
