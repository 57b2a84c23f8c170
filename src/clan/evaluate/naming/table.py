"""Results of naming as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from clan.evaluate.datasets import DATASETS
from clan.evaluate.naming.namers import NAMERS, REFERENCE
from clan.evaluate.statistics import Paired, paired
from clan.evaluate.table import cells

_BY = ["dataset", "condition", "width", "epochs"]


def closed_table(runs: pl.DataFrame, *, against: str = REFERENCE) -> str:
    """Write macro F1 by k, each beside its difference to the reference on the same draws.

    Args:
        runs: Rows of a results file.
        against: Whom the others are compared with; the reference where nobody is called that.
    """
    if not len(runs):
        return "no runs yet"
    parts = []
    for title, part in _parts(runs):
        names, reference = part["namer"].unique(maintain_order=True).to_list(), _reference(part, against)
        ks = sorted({int(k) for k in part["k"]})
        mean = {name: _mean(part.filter(namer=name)) for name in names}
        rows = []
        for name in sorted(names, key=lambda each: -mean[each]):
            own = part.filter(namer=name)
            figures = [_cell(own.filter(k=k), part.filter(namer=reference, k=k), name == reference) for k in ks]
            slow = own.filter(k=own["k"].max())
            cost = [f"{np.median(_numbers(slow, 'training_s')):.1f} s"]
            cost += [f"{np.median(_numbers(slow, 'flows_per_s')):,.0f}"]
            draws = sorted({own.filter(k=k).height for k in ks} - {0})
            rows.append([name, *figures, *cost, " to ".join(str(n) for n in (draws[0], draws[-1])[: len(draws)])])
        header = ["macro F1", *(f"k = {k}" for k in ks), "taught in", "flows/s", "draws"]
        parts += [f"#### {title}", cells(header, rows)]
    return "\n\n".join([*parts, _closed_notes(runs, against), _who(runs), _measured(runs)])


def open_table(runs: pl.DataFrame, *, against: str = REFERENCE) -> str:  # noqa: ARG001 - as all tables are called
    """Write the AUROC of `unknown` by the class left out, choosing classes apart."""
    if not len(runs):
        return "no runs yet"
    parts = []
    for title, part in _parts(runs):
        names = part["namer"].unique(maintain_order=True).to_list()
        classes = part["left_out"].unique().sort().to_list()
        kind = DATASETS.get(part["dataset"][0])
        chosen = [name for name in classes if kind is not None and kind.choosing and name in kind.choosing]
        rest = [name for name in classes if name not in chosen]
        groups = [(f"{name} *" if name in chosen else name, [name]) for name in (*chosen, *rest)]
        groups.append(("**mean**", classes))
        if chosen and rest:
            groups += [("mean of the choosing classes *", chosen), ("mean of the others", rest)]
        rows = [[label, *_open_cells(part.filter(pl.col("left_out").is_in(group)), names)] for label, group in groups]
        header = ["left out", *(f"AUROC, {name}" for name in names), "its rows that clan calls unknown"]
        parts += [f"#### {title}, k = {int(part['k'][0])}", cells(header, rows)]
        share = _numbers(part, "known_called_unknown")
        told = f" Of the known test flows clan calls {share.mean():.1%} unknown; 5 % was asked." if len(share) else ""
        parts.append(f"{part['seed'].n_unique()} draws.{told}")
    return "\n\n".join([*parts, _who(runs), _measured(runs)])


def _parts(runs: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for key, part in runs.group_by(_BY, maintain_order=True):
        dataset, condition, width, epochs = ("" if value is None else str(value) for value in key)
        title = DATASETS[dataset].title if dataset in DATASETS else dataset
        special = [
            condition,
            f"width: {width}" if width != "common" else "",
            f"epochs: {float(epochs):g}" if epochs else "",
        ]
        yield ", ".join(filter(None, [title, *special])), part


def _reference(part: pl.DataFrame, against: str) -> str:
    return against if against in NAMERS and len(part.filter(namer=against)) else REFERENCE


def _mean(part: pl.DataFrame) -> float:
    return float(part["macro_f1"].to_numpy().mean())


def _cell(own: pl.DataFrame, rival: pl.DataFrame, is_reference: bool) -> str:  # noqa: FBT001
    if not len(own):
        return "-"
    mean = f"{_mean(own):.4f}"
    both = own.join(rival, on="seed", suffix="_rival").sort("seed")
    if is_reference or not len(both):
        return mean
    found = paired(both["macro_f1"].to_numpy(), both["macro_f1_rival"].to_numpy())
    return f"{mean} ({_difference(found)})"


def _difference(found: Paired) -> str:
    if found.t_interval is None:
        return f"{found.difference:+.4f}"
    low, high = found.t_interval
    return f"{found.difference:+.4f}, {low:+.4f} to {high:+.4f}"


def _open_cells(part: pl.DataFrame, names: list[str]) -> list[str]:
    figures = [f"{part.filter(namer=name)['unknown_auroc'].to_numpy().mean():.3f}" for name in names]
    share = _numbers(part.filter(namer="clan"), "left_out_called_unknown")
    return [*figures, f"{share.mean():.2f}" if len(share) else "-"]


def _numbers(part: pl.DataFrame, name: str) -> np.ndarray:
    return part[name].cast(pl.Float64, strict=False).drop_nulls().to_numpy()


def _closed_notes(runs: pl.DataFrame, against: str) -> str:
    return (
        f"Macro F1 over all classes. In brackets: difference to {_reference(runs, against)} on the same draws, and its "
        "95 % interval (paired t; draws share rows, so it is somewhat too narrow). Time and speed at the largest k."
    )


def _who(runs: pl.DataFrame) -> str:
    names = [name for name in NAMERS if name in set(runs["namer"])]
    return cells(["namer", "what"], [[name, NAMERS[name].what] for name in names])


def _measured(runs: pl.DataFrame) -> str:
    commits = sorted(set(runs["commit"].cast(pl.String).fill_null("")) - {""})
    machines = sorted(set(runs["machine"].cast(pl.String)))
    return f"Measured at {', '.join(commits) or 'an unknown commit'} on {'; '.join(machines)}."
