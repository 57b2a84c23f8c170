"""The hosts of alerting flows, in words: who they are, and what they did shortly before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from clan.alerts import HostFact
from clan.schema import features_of

MOST_FACTS: Final = 4
"""Of a flow; those that are unusual among benign flows come first."""

HISTORY: Final = tuple(
    feature for feature in features_of(["context"]) if feature.phrase and feature.name.endswith(("_60s", "_15m"))
)
"""The columns that say what hosts did: counts of flows, hosts and ports within a minute and within 15."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ends:
    """The ends of a flow as a sentence names them."""

    src: str
    dst: str
    port: str

    def say(self, phrase: str, value: float) -> str:
        """Fill a phrase of the schema; what comes out is as the source spelt it, not escaped."""
        # not str.format: a brace in what a source calls a host would be taken for a place
        for place, text in (("{value}", shown(value)), ("{src}", self.src), ("{dst}", self.dst), ("{port}", self.port)):
            head, found, tail = phrase.partition(place)
            phrase = f"{head}{text}{tail}" if found else phrase
        return phrase

    @property
    def title(self) -> str:
        """Who speaks to whom, as far as it is known."""
        if self.src == self.dst == "?":
            return "this flow"
        return f"{self.src} to {self.dst}" + ("" if self.port == "?" else f" port {self.port}")


def shown(value: float) -> str:
    """Write a count of a window that fades: whole from 2 on.

    Example:
        >>> shown(213.7), shown(0.1103)
        ('214', '0.11')
    """
    return f"{round(value):,}" if abs(value) >= 1.5 else f"{value:.2g}"


def ends_of(flows: pl.DataFrame) -> list[Ends]:
    """Name the ends of each flow; ``?`` where a table does not tell."""
    names = ("src_ip", "dst_ip", "dst_port")
    texts = [
        flows[name].cast(pl.String).fill_null("?").to_list() if name in flows.columns else ["?"] * flows.height
        for name in names
    ]
    return [Ends(src=src, dst=dst, port=port) for src, dst, port in zip(*texts, strict=True)]


def history_of(
    flows: pl.DataFrame, ends: Sequence[Ends], benign_high: Mapping[str, float]
) -> list[tuple[HostFact, ...]]:
    """Say what the hosts of each flow did before it, as far as the table has columns of group `context`.

    Args:
        flows: The flows.
        ends: Of each flow.
        benign_high: Column to its 99.9 % quantile in benign traffic, for the columns that the model knows.

    Returns:
        For each flow at most `MOST_FACTS`, what is most beyond benign traffic first; what did not happen is left out.
    """
    told = [feature for feature in HISTORY if feature.name in flows.columns]
    if not told or not flows.height:
        return [()] * flows.height
    values = flows.select(pl.col(f.name).cast(pl.Float64).fill_null(0.0).fill_nan(0.0) for f in told).to_numpy()
    bounds = [benign_high.get(feature.name) for feature in told]
    found: list[tuple[HostFact, ...]] = []
    for row, who in zip(values.tolist(), ends, strict=True):
        if who.src == "?" or who.dst == "?":
            found.append(())
            continue
        # one of the two windows says it: the shorter where the count is the same to a reader
        happened = [i for i, value in enumerate(row) if round(value) >= 2]
        beyond = {i: row[i] / max(bound, 1.0) if (bound := bounds[i]) is not None else 0.0 for i in happened}
        chosen: dict[str, int] = {}
        for i in sorted(happened, key=lambda i: (-beyond[i], i)):
            chosen.setdefault(told[i].name.rpartition("_")[0], i)
        found.append(
            tuple(
                HostFact(
                    feature=told[i].name,
                    value=row[i],
                    unit=told[i].unit,
                    words=who.say(told[i].phrase, row[i]),
                    benign_high=bounds[i],
                )
                for i in list(chosen.values())[:MOST_FACTS]
            )
        )
    return found
