"""Both directions of a conversation as one flow.

A record tells one direction. Those of one conversation are joined when they come within `WAIT_US` of each other. The
direction whose first packet is earlier is forward; where both are said to begin at the same time, the one that alone
carries SYN, then the one towards the lower port, then the one that came first. What follows after `APART_US` of
silence, or a SYN from the side that opened a connection which is over, is the next flow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.sources.netflow.conversation import UNKNOWN, name_contents, name_conversations, number_flows, sum_flows
from clan.sources.netflow.record import RECORD

WAIT_US: Final = 30_000_000
"""How long the records of a conversation wait for another one of it."""
LONGEST_US: Final = 300_000_000
"""How long they wait at most, where others keep coming."""
MOST: Final = 1 << 21
"""Records that wait at most; beyond them the oldest leave as they are, counted."""

_ENDS: Final = ("src_hi", "src_lo", "dst_hi", "dst_lo")
_SMALL: Final = ("src_port", "dst_port", "protocol", "version")
_NUMBERS: Final = (
    "start", "end", "packets", "bytes", "flags", "back_packets", "back_bytes", "back_flags", "vlan", "order",
)  # fmt: skip
"""In the order of `clan.sources.netflow.conversation`."""
_TCP: Final = 6


class Joiner:
    """Joins records.

    Args:
        counts: Where what happens is counted.
        wait_us: How long records wait for others of their conversation.
        most: Records that wait at most.
    """

    def __init__(self, counts: Counter[str], *, wait_us: int = WAIT_US, most: int = MOST) -> None:
        self._counts, self._wait_us, self._most = counts, wait_us, most
        self._waiting: list[pl.DataFrame] = []
        self._n = 0
        self._look_at: int | None = None

    @property
    def waiting(self) -> int:
        """Records that wait."""
        return self._n

    def add(self, records: pl.DataFrame, now_us: int) -> Iterator[pl.DataFrame]:
        """Take records, none or more; yields joined ones whose conversations have been silent for long enough.

        Args:
            records: As `RECORD`.
            now_us: Time on a clock that only goes forward.
        """
        if records.height:
            self._waiting.append(_named(records).with_columns(came=pl.lit(now_us, pl.Int64)))
            self._n += records.height
            if self._look_at is None:
                self._look_at = now_us + self._wait_us
        if self._n > self._most or (self._look_at is not None and now_us >= self._look_at):
            yield from self._let_go(now_us)

    def finish(self) -> Iterator[pl.DataFrame]:
        """Join everything that waits."""
        if self._n:
            records, self._waiting, self._n, self._look_at = pl.concat(self._waiting), [], 0, None
            yield join(records, self._counts)

    def _let_go(self, now_us: int) -> Iterator[pl.DataFrame]:
        """Join the conversations that have waited."""
        records = pl.concat(self._waiting)
        ready = pl.Series(_ready(records, now_us - self._wait_us, now_us - LONGEST_US))
        leaving, kept = records.filter(ready), records.filter(~ready)
        if kept.height > self._most:
            half = kept.height // 2  # in order of arrival
            self._counts["records_not_waited_for"] += half
            leaving, kept = pl.concat([leaving, kept.head(half)]), kept.tail(kept.height - half)
        self._waiting, self._n = [kept] if kept.height else [], kept.height
        # a look costs as much as there is, so it is done a few times in each wait only
        self._look_at = now_us + self._wait_us // 6 if kept.height else None
        if leaving.height:
            yield join(leaving, self._counts)


def _named(records: pl.DataFrame) -> pl.DataFrame:
    """Add the name of each record's conversation, and which end sent it."""
    names, from_a = np.empty(records.height, np.uint64), np.empty(records.height, np.bool_)
    name_conversations(_columns(records, _ENDS, np.uint64), _columns(records, _SMALL, np.uint64), names, from_a)
    return records.with_columns(name=pl.Series(names), from_a=pl.Series(from_a))


def _columns(records: pl.DataFrame, names: Sequence[str], dtype: Any) -> NDArray[Any]:
    """Give columns as an array of shape `(n_columns, n)`; what is null is `UNKNOWN`."""
    out = np.empty((len(names), records.height), dtype)
    for i, name in enumerate(names):
        column = records[name]
        out[i] = (column.cast(pl.Int64).fill_null(UNKNOWN) if column.null_count() else column).to_numpy()
    return out


def _ready(records: pl.DataFrame, quiet_since: int, begun_before: int) -> NDArray[np.bool_]:
    """Tell which records are of conversations that have been silent, or have waited, for long enough."""
    name, came = records["name"].to_numpy(), records["came"].to_numpy()
    order = np.argsort(name, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(name[order]) != 0]))
    last, first = np.maximum.reduceat(came[order], starts), np.minimum.reduceat(came[order], starts)
    ready = np.empty(len(name), np.bool_)
    ready[order] = np.repeat((last <= quiet_since) | (first <= begun_before), np.diff([*starts, len(name)]))
    return ready


def join(records: pl.DataFrame, counts: Counter[str]) -> pl.DataFrame:
    """Join the records of every conversation among some.

    Args:
        records: As `RECORD`, with `name` and `from_a`.
        counts: Where duplicates are counted.

    Returns:
        As `RECORD`, one row for each flow: forward counts, and backward ones in the `back_` columns; `order` is that of
        its first record. A direction that no record told has counts of 0.
    """
    name, from_a = records["name"].to_numpy(), records["from_a"].to_numpy()
    numbers = _columns(records, _NUMBERS, np.int64)
    again = _again(name, from_a, numbers)
    order = np.lexsort((numbers[_NUMBERS.index("order")], numbers[0], name))
    if again.any():  # sent twice, or seen where it came in and where it went out
        counts["duplicate_records"] += int(again.sum())
        order = order[~again[order]]
    name, from_a, numbers = name[order], from_a[order], np.ascontiguousarray(numbers[:, order])
    ends, small = (_columns(records, names, np.uint64)[:, order] for names in (_ENDS, _SMALL))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = _differ(ends, small, from_a) | (np.diff(name) != 0)
    flow = np.empty(len(order), np.int64)
    n_flows = number_flows(begins, small[2] == _TCP, from_a, numbers, flow)
    sums, ways = np.empty((len(_NUMBERS), n_flows), np.int64), np.empty((7, n_flows), np.int64)
    src_port, dst_port = small[0].astype(np.int64), small[1].astype(np.int64)
    low_a = np.sign(np.where(from_a, dst_port - src_port, src_port - dst_port)).astype(np.int8)
    sum_flows(flow, from_a, low_a, numbers, sums, ways)
    first, turned = ways[0], from_a[ways[0]] != (ways[1] == 1)
    columns = {name: pl.Series(values).replace(UNKNOWN, None) for name, values in zip(_NUMBERS, sums, strict=True)}
    for here, there, what in (("src", "dst", "hi"), ("src", "dst", "lo"), ("src", "dst", "port")):
        one, other = (records[f"{side}_{what}"].to_numpy()[order][first] for side in (here, there))
        columns[f"{here}_{what}"] = pl.Series(np.where(turned, other, one))
        columns[f"{there}_{what}"] = pl.Series(np.where(turned, one, other))
    columns |= {"protocol": pl.Series(small[2, first]), "version": pl.Series(small[3, first])}
    return pl.DataFrame({name: columns[name].cast(dtype) for name, dtype in RECORD.items()})


def _differ(ends: NDArray[Any], small: NDArray[Any], from_a: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell where a record is of another conversation than the one before it, whatever their names."""
    one, other = np.concatenate([ends[:2], small[:1]]), np.concatenate([ends[2:], small[1:2]])
    a, b = np.where(from_a, one, other), np.where(from_a, other, one)
    both = np.concatenate([a, b, small[2:]])
    return (both[:, 1:] != both[:, :-1]).any(axis=0)


def _again(name: NDArray[np.uint64], from_a: NDArray[np.bool_], numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which records say what an earlier one has said."""
    contents = np.empty(len(name), np.uint64)
    name_contents(name, from_a, numbers, contents)
    order = np.argsort(contents, kind="stable")
    again = np.zeros(len(name), np.bool_)
    one, other = order[:-1], order[1:]
    alike = np.flatnonzero(contents[one] == contents[other])
    said = numbers[: _NUMBERS.index("vlan")]
    again[other[alike]] = (said[:, one[alike]] == said[:, other[alike]]).all(axis=0)
    return again


def warm_up_joining() -> None:
    """Compile what joins, so that the first records need not wait."""
    record = pl.DataFrame({name: [1] for name in RECORD}, schema=RECORD)
    join(_named(record), Counter())
