"""The hosts of alerting flows, in words: who they are, and what they did shortly before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from clan.alerts import HostFact
from clan.alerts.transport import transport_words
from clan.schema import features_of, has_ports

_COUNTED: Final = re.compile(r"(\{value\}(?: destination| failed)? [a-z]+)s\b")
"""What a phrase of the schema counts, up to the ending that one has not."""
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
    over: str = ""  # what has no ports, such as "ICMP type 8"

    def say(self, phrase: str, value: float) -> str:
        """Fill a phrase of the schema; what comes out is as the source spelt it, not escaped."""
        if (number := shown(value)) == "1":
            phrase = _COUNTED.sub(r"\1", phrase)
        service = f"over {self.over}" if self.over else f"on port {self.port}"
        # not str.format: a brace in what a source calls a host would be taken for a place
        for place, text in (
            ("{value}", number),
            ("{src}", self.src),
            ("{dst}", self.dst),
            ("{service}", service),
        ):
            head, found, tail = phrase.partition(place)
            phrase = f"{head}{text}{tail}" if found else phrase
        return phrase

    @property
    def title(self) -> str:
        """Who speaks to whom, as far as it is known."""
        if self.src == self.dst == "?":
            return "this flow"
        service = f" over {self.over}" if self.over else "" if self.port == "?" else f" port {self.port}"
        return f"{self.src} to {self.dst}{service}"


def shown(value: float) -> str:
    """Write a count of a window that fades: whole from 2 on.

    Example:
        >>> shown(213.7), shown(0.1103)
        ('214', '0.11')
    """
    return f"{round(value):,}" if abs(value) >= 1.5 else f"{value:.2g}"


def ends_of(flows: pl.DataFrame) -> list[Ends]:
    """Name the ends of each flow; ``?`` where a table does not tell."""
    hosts = (
        flows[name].cast(pl.String).fill_null("?").to_list() if name in flows.columns else ["?"] * flows.height
        for name in ("src_ip", "dst_ip")
    )
    numbers = (
        flows[name].cast(pl.Int64).to_list() if name in flows.columns else [None] * flows.height
        for name in ("protocol", "src_port", "dst_port")
    )
    return [_ends(*row) for row in zip(*hosts, *numbers, strict=True)]


def _ends(src: str, dst: str, protocol: int | None, src_port: int | None, dst_port: int | None) -> Ends:
    if protocol is not None and not has_ports(protocol):
        return Ends(src=src, dst=dst, port="?", over=transport_words(protocol, src_port, dst_port))
    return Ends(src=src, dst=dst, port="?" if dst_port is None else str(dst_port))


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
