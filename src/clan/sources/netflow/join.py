"""Both directions of a conversation as one flow.

A record tells one direction. Those of one conversation are joined when they come within `WAIT_US` of each other. The
direction whose first packet is earlier is forward; where both are said to begin at the same time, the one that alone
carries SYN, then the one towards the lower port, then the one that came first. What follows after `APART_US` of
silence, or a SYN from the side that opened a connection which is over, is the next flow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import polars as pl

from clan.sources.netflow.record import RECORD

WAIT_US: Final = 30_000_000
"""How long the records of a conversation wait for another one of it."""
LONGEST_US: Final = 300_000_000
"""How long they wait at most, where others keep coming."""
APART_US: Final = 120_000_000
"""Silence after which a conversation is a new flow; the flow engine's longest idle timeout."""
MOST: Final = 1 << 21
"""Records that wait at most; beyond them the oldest leave as they are, counted."""

_KEY: Final = ("a_hi", "a_lo", "b_hi", "b_lo", "a_port", "b_port", "protocol", "version")
_FIN_SYN_RST, _SYN = 0x07, 0x02


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
            self._waiting.append(_with_key(records).with_columns(came=pl.lit(now_us, pl.Int64)))
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
        last, first = pl.col("came").max().over(_KEY), pl.col("came").min().over(_KEY)
        ready = records.select((last <= now_us - self._wait_us) | (first <= now_us - LONGEST_US)).to_series()
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


def _with_key(records: pl.DataFrame) -> pl.DataFrame:
    """Add the ends of the conversation in an order that both directions share, and which one sent."""
    src, dst = ("src_hi", "src_lo", "src_port"), ("dst_hi", "dst_lo", "dst_port")
    a_first = (
        pl.when(pl.col("src_hi") != pl.col("dst_hi"))
        .then(pl.col("src_hi") < pl.col("dst_hi"))
        .when(pl.col("src_lo") != pl.col("dst_lo"))
        .then(pl.col("src_lo") < pl.col("dst_lo"))
        .otherwise(pl.col("src_port") <= pl.col("dst_port"))
    )
    records = records.with_columns(from_a=a_first)
    names = ("hi", "lo", "port")
    from_a = pl.col("from_a")
    return records.with_columns(
        *(pl.when(from_a).then(s).otherwise(d).alias(f"a_{n}") for n, s, d in zip(names, src, dst, strict=True)),
        *(pl.when(from_a).then(d).otherwise(s).alias(f"b_{n}") for n, s, d in zip(names, src, dst, strict=True)),
    )


def join(records: pl.DataFrame, counts: Counter[str]) -> pl.DataFrame:
    """Join the records of every conversation among some.

    Args:
        records: As `RECORD`, with the columns of the key.
        counts: Where duplicates are counted.

    Returns:
        As `RECORD`, one row for each flow: forward counts, and backward ones in the `back_` columns; `order` is that of
        its first record. A direction that no record told has counts of 0.
    """
    same = [*_KEY, "from_a", "start", "end", "packets", "bytes", "flags", "back_packets", "back_bytes"]
    unique = records.unique(same, keep="first", maintain_order=True)
    if unique.height < records.height:  # sent twice, or seen where it came in and where it went out
        counts["duplicate_records"] += records.height - unique.height
    cut = _cut(unique)
    return _sum(cut)


def _cut(records: pl.DataFrame) -> pl.DataFrame:
    """Number the flows of each conversation, as column `flow`."""
    key = "conversation"
    sorted_ = records.sort(*_KEY, "start", "order").with_columns(conversation=pl.struct(_KEY).rle_id())
    silent = (pl.col("start") - pl.col("end").cum_max().shift(1).over(key)) > APART_US
    parts = sorted_.with_columns(part=silent.fill_null(value=False).cum_sum().over(key))
    opener = pl.col("from_a").first().over(key, "part")
    parts = parts.with_columns(answers=pl.col("from_a") != opener).sort(key, "part", "start", "answers", "order")
    before = pl.col("flags").shift(1).over(key, "part", "answers")
    opens = (
        (pl.col("protocol") == 6)
        & ~pl.col("answers")
        & ((pl.col("flags") & _SYN) != 0)
        & ((before & _FIN_SYN_RST) != 0)
    ).fill_null(value=False)
    parts = parts.with_columns(connection=opens.cum_sum().over(key, "part"))
    return parts.with_columns(flow=pl.struct(key, "part", "connection").rle_id())


def _sum(records: pl.DataFrame) -> pl.DataFrame:
    """Make one row of the records of each flow."""
    from_a = pl.col("from_a")

    def earliest(way: pl.Expr) -> pl.Expr:
        return pl.col("start").filter(way).min()

    def has_syn(way: pl.Expr) -> pl.Expr:
        return ((pl.col("flags").filter(way) & _SYN) != 0).any()

    ways = records.group_by("flow", maintain_order=True).agg(
        a_start=earliest(from_a),
        b_start=earliest(~from_a),
        a_syn=has_syn(from_a),
        b_syn=has_syn(~from_a),
        a_first=pl.col("from_a").sort_by("order").first(),
        low=(pl.col("b_port").first().cast(pl.Int32) - pl.col("a_port").first()),
    )
    a_start, b_start = pl.col("a_start"), pl.col("b_start")
    forward_a = (
        pl.when(b_start.is_null())
        .then(pl.lit(value=True))
        .when(a_start.is_null())
        .then(pl.lit(value=False))
        .when(a_start != b_start)
        .then(a_start < b_start)
        .when(pl.col("a_syn") != pl.col("b_syn"))
        .then("a_syn")
        .when(pl.col("low") != 0)
        .then(pl.col("low") < 0)
        .otherwise("a_first")
    )
    known = ways.select("flow", forward_a=forward_a)
    rows = records.join(known, on="flow", how="left", maintain_order="left")
    forward = pl.col("from_a") == pl.col("forward_a")
    rows = rows.with_columns(
        *(_along(name, forward) for name in ("packets", "bytes", "flags")),
        *(_against(name, forward) for name in ("packets", "bytes", "flags")),
    )
    side = {"src": ("a", "b"), "dst": ("b", "a")}
    ends = [
        pl.when(pl.col("forward_a").first()).then(pl.col(f"{one}_{n}").first()).otherwise(pl.col(f"{other}_{n}").first())
        .alias(f"{name}_{n}")
        for name, (one, other) in side.items()
        for n in ("hi", "lo", "port")
    ]  # fmt: skip
    out = rows.group_by("flow", maintain_order=True).agg(
        *ends,
        pl.col("version", "protocol").first(),
        pl.col("start").min(),
        pl.col("end").max(),
        pl.col("vlan").drop_nulls().first(),
        pl.col("order").min(),
        *(_total(name) for name in ("fwd_packets", "fwd_bytes", "bwd_packets", "bwd_bytes")),
        _union("fwd_flags"),
        _union("bwd_flags"),
    )
    names = {"fwd_packets": "packets", "fwd_bytes": "bytes", "fwd_flags": "flags"}
    names |= {"bwd_packets": "back_packets", "bwd_bytes": "back_bytes", "bwd_flags": "back_flags"}
    return out.rename(names).select(pl.col(name).cast(dtype) for name, dtype in RECORD.items())


def _total(name: str) -> pl.Expr:
    """Sum counts; unknown where one is."""
    return pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name)


def _union(name: str) -> pl.Expr:
    """Unite flags; unknown where those of one record are."""
    return pl.when(pl.col(name).null_count() == 0).then(pl.col(name).bitwise_or()).alias(name)


def _other(name: str) -> pl.Expr:
    """Give what a record says of its other direction: nothing was seen there, where it is of one direction only."""
    return pl.when(pl.col(name).is_not_null()).then(pl.col(f"back_{name}").fill_null(0))


def _along(name: str, forward: pl.Expr) -> pl.Expr:
    """Give what a record says of the flow's forward direction: its own counts, or those of its other direction."""
    return pl.when(forward).then(name).otherwise(_other(name)).alias(f"fwd_{name}")


def _against(name: str, forward: pl.Expr) -> pl.Expr:
    """Give what a record says of the flow's backward direction."""
    return pl.when(forward).then(_other(name)).otherwise(name).alias(f"bwd_{name}")
