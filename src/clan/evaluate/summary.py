"""From the runs of a benchmark to what its tables and pictures show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from clan.evaluate.contenders import OURS
from clan.evaluate.metrics import macro
from clan.evaluate.statistics import Paired, Summary, holm, paired, summarise

SHOWN = (
    "macro_auroc",
    "choosing_auroc",
    "reporting_auroc",
    "worst_auroc",
    "macro_auprc",
    "recall_1pct",
    "recall_01pct",
    "recall_001pct",
    "precision",
    "training_s",
    "flows_per_s",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One detector under one condition.

    Attributes:
        detector: Its name.
        family: Its kind.
        figures: Column of the results to summary over seeds; a column without a figure in some seed is missing.
        runs: Macro AUROC of each seed.
        auroc_by_class: Mean over seeds.
        against: Compared with the group's reference on the seeds that both have, macro AUROC; None for the reference
            itself and where no seed is shared.
        holm_p: The paired t-test's p-value, corrected for the number of detectors in the group.
    """

    detector: str
    family: str
    figures: dict[str, Summary]
    runs: tuple[float, ...]
    auroc_by_class: dict[str, float]
    against: Paired | None
    holm_p: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """All detectors on one data set under one condition.

    Attributes:
        dataset: Name of the data set.
        condition: As in the results.
        width: As in the results.
        epochs: As in the results; empty for each detector's own.
        reference: The detector that the others are compared with.
        lines: Best macro AUROC first.
    """

    dataset: str
    condition: str
    width: str
    epochs: str
    reference: str
    lines: tuple[Line, ...]


def groups(runs: pl.DataFrame, *, against: str = OURS) -> Iterator[Group]:
    """Summarise runs by data set and condition.

    Args:
        runs: Rows of a results file (`clan.evaluate.measure.FIELDS`).
        against: The detector to compare with; where it did not run, the best of the group.
    """
    by = ["dataset", "condition", "width", "epochs"]
    for key, part in runs.group_by(by, maintain_order=True):
        names = part["detector"].unique(maintain_order=True).to_list()
        score = {name: float(part.filter(detector=name)["macro_auroc"].to_numpy().mean()) for name in names}
        names.sort(key=lambda name: -score[name])
        reference = against if against in names else names[0]
        pairs = {name: _compare(part, name, reference) for name in names if name != reference}
        corrected = holm({name: pair.t_p if pair else None for name, pair in pairs.items()})
        dataset, condition, width, epochs = ("" if value is None else str(value) for value in key)
        yield Group(
            dataset=dataset,
            condition=condition,
            width=width,
            epochs=epochs,
            reference=reference,
            lines=tuple(_line(part.filter(detector=name), pairs.get(name), corrected.get(name)) for name in names),
        )


def _line(runs: pl.DataFrame, against: Paired | None, holm_p: float | None) -> Line:
    known = [name for name in SHOWN if runs.schema[name].is_numeric() and runs[name].null_count() == 0]
    by_class = [json.loads(text) for text in runs["auroc_by_class"]]
    return Line(
        detector=runs["detector"][0],
        family=runs["family"][0],
        figures={name: summarise(runs[name].to_numpy()) for name in known},
        runs=tuple(runs["macro_auroc"].to_list()),
        auroc_by_class={name: macro({str(i): run[name] for i, run in enumerate(by_class)}) for name in by_class[0]},
        against=against,
        holm_p=holm_p,
    )


def _compare(runs: pl.DataFrame, name: str, reference: str) -> Paired | None:
    """Compare on shared seeds."""
    first, second = (runs.filter(detector=each).select("seed", "macro_auroc") for each in (name, reference))
    both = first.join(second, on="seed").sort("seed")
    return paired(both["macro_auroc"].to_numpy(), both["macro_auroc_right"].to_numpy()) if both.height else None
