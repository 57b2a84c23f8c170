"""What the words of labels mean: benign, nobody knows, or something else."""

from __future__ import annotations

from typing import Final

import polars as pl

BENIGN: Final = "benign"
"""The word for flows without attack, whatever their data set calls them."""

_BENIGN: Final = r"^(?i:benign|normal\.?|0|flow=(?:from-|to-)?normal.*)$"
_UNKNOWN: Final = r"^(?i:background|unknown|flow=(?:from-|to-)?background.*)$"


def says_benign(label: pl.Expr) -> pl.Expr:
    """Whether a label says that a flow is benign, as data sets write it: `BENIGN`, `Normal`, `normal.`, `0`.

    Example:
        >>> pl.select(says_benign(pl.lit("Normal"))).item(), pl.select(says_benign(pl.lit("DoS"))).item()
        (True, False)
    """
    return label.str.strip_chars().str.contains(_BENIGN)


def says_something(label: pl.Expr) -> pl.Expr:
    """Whether a label says anything: none, `Background` and `unknown` do not."""
    text = label.str.strip_chars()
    return text.is_not_null() & ~text.is_in(["", "-"]) & ~text.str.contains(_UNKNOWN)


class LabelledAsAttacks:
    """Counts the flows of benign traffic that their own labels call something else, and leaves them out where asked.

    Args:
        benign_only: Leave them out.

    Attributes:
        n: Such flows.
        n_seen: All flows.
    """

    def __init__(self, *, benign_only: bool) -> None:
        self.benign_only, self.n, self.n_seen = benign_only, 0, 0
        self._words: dict[str, int] = {}

    def of(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Look at a batch of a flow table; flows without labels, and with labels that say nothing, always stay."""
        self.n_seen += batch.height
        if "label" not in batch.columns:
            return batch
        label = pl.col("label").cast(pl.String)
        attack = (says_something(label) & ~says_benign(label)).fill_null(value=False)
        words = batch.filter(attack)["label"].value_counts()
        for word, count in words.iter_rows():
            self._words[word] = self._words.get(word, 0) + count
        self.n = sum(self._words.values())
        return batch.filter(~attack) if self.benign_only and words.height else batch

    def sentence(self) -> str | None:
        """Say how many there were, and what became of them; None where there was none."""
        if not self.n:
            return None
        most = sorted(self._words.items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{word[:40]!r} ({count:,})" for word, count in most[:3]) + (", ..." if most[3:] else "")
        what = "left out" if self.benign_only else "taken for benign all the same: --benign-only leaves them out"
        return f"{self.n:,} of {self.n_seen:,} flows are labelled other than benign, as {shown}; {what}"
