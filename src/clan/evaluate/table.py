"""Results as Markdown, for documents and terminals."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clan.evaluate.contenders import AUDIT, OURS, contenders
from clan.evaluate.datasets import DATASETS
from clan.evaluate.statistics import Summary
from clan.evaluate.summary import Group, Line, groups

_BEST = 8
"""Detectors with a column in the table by class; more are not read."""


def markdown(runs: pl.DataFrame, *, against: str = OURS, classes: bool = True, best: int | None = None) -> str:
    """Write all tables of a results file.

    Args:
        runs: Rows of a results file.
        against: The detector that the others are compared with.
        classes: Whether to add the AUROC by class, and where the rivals come from.
        best: Show so many detectors of each data set, `against` and the baselines of every table; None for all.
    """
    found = list(groups(runs, against=against))
    if not found:
        return "no runs yet"
    parts = []
    for group in found:
        parts += [heading(group), _detectors(group, best), *([_classes(group)] if classes else [])]
    parts.append(_footnotes(runs, found))
    return "\n\n".join([*parts, *([_references(found)] if classes else [])])


def heading(group: Group) -> str:
    """Name the data set and what is special about the runs."""
    title = DATASETS[group.dataset].title if group.dataset in DATASETS else group.dataset
    special = [group.condition, f"width: {group.width}" if group.width != "common" else ""]
    special.append(f"epochs: {float(group.epochs):g}" if group.epochs else "")
    return "#### " + ", ".join(filter(None, [title, *special]))


def cells(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(group: Group, best: int) -> list[Line]:
    """The best detectors of a group, the reference and the baselines."""
    always = (group.reference, *AUDIT)
    return [line for place, line in enumerate(group.lines) if place < best or line.detector in always]


def _detectors(group: Group, best: int | None) -> str:
    recalls = {"recall_1pct": "recall@1%", "recall_01pct": "@0.1%", "recall_001pct": "@0.01%"}
    told = [name for name in recalls if any(name in line.figures for line in group.lines)]
    has_rest = any("reporting_auroc" in line.figures for line in group.lines)
    split = ["choosing classes", "reporting classes"] if has_rest else []
    header = ["detector", "macro AUROC", "95 % interval", *split, "worst class", *(recalls[name] for name in told)]
    header += ["AUPRC", "precision", f"against {group.reference}", "training", "flows/s", "seeds"]
    shown = group.lines if best is None else _shown(group, best)
    rows = []
    for line in shown:
        figures = line.figures
        row = [_name(line), _mean(figures.get("macro_auroc"), spread=True), _interval(figures.get("macro_auroc"))]
        if has_rest:
            row += [_mean(figures.get("choosing_auroc")), _mean(figures.get("reporting_auroc"))]
        row.append(_mean(figures.get("worst_auroc"), digits=2))
        row += [_mean(figures.get(name), digits=2, spread=True) for name in told]
        row += [_mean(figures.get("macro_auprc")), _mean(figures.get("precision"), digits=2), _against(line)]
        row += [_seconds(figures.get("training_s")), _whole(figures.get("flows_per_s"))]
        rows.append([*row, str(figures["macro_auroc"].n)])
    more = len(group.lines) - len(shown)
    return cells(header, rows) + (f"\n\nAnd {more} further, all behind the best {best}." if more else "")


def _classes(group: Group) -> str:
    lines = _shown(group, _BEST)
    choosing = DATASETS[group.dataset].choosing if group.dataset in DATASETS else None
    names = list(dict.fromkeys(name for line in lines for name in line.auroc_by_class))
    chosen = [name for name in names if choosing is not None and name in choosing]
    rows = []
    for name in [*chosen, *(name for name in names if name not in chosen)]:
        figures = (f"{line.auroc_by_class[name]:.3f}" if name in line.auroc_by_class else "" for line in lines)
        rows.append([f"{name} *" if name in chosen else name, *figures])
    title = (
        "AUROC by class" if len(lines) == len(group.lines) else f"AUROC by class, the best {_BEST} and the baselines"
    )
    return cells([title, *(line.detector for line in lines)], rows)


def _references(found: Sequence[Group]) -> str:
    """Say where each rival was published and whether its formula could be checked."""
    known = contenders()
    names = sorted({line.detector for group in found for line in group.lines if line.family not in ("", "clan")})
    rows = [[name, known[name].reference, known[name].checked] for name in names if name in known]
    return cells(["rival", "published", "checked against"], rows) if rows else ""


def _footnotes(runs: pl.DataFrame, found: Sequence[Group]) -> str:
    notes = [
        "Mean and standard deviation over seeds; the interval is Student's for the mean. *Against*: difference in "
        "macro AUROC on the same seeds, its 95 % interval, and the paired t-test's p-value after Holm's correction. "
        "Recalls stand only where 20 false positives are expected."
    ]
    if (
        "precision" in runs.columns
        and runs["precision"].dtype.is_numeric()
        and runs["precision"].null_count() < len(runs)
    ):
        shares = ", ".join(f"{value:g}" for value in runs["prevalence"].unique().sort())
        notes.append(f"Precision: at 1 % false positives where a share {shares} of the flows is an attack.")
    marked = {group.dataset for group in found if group.dataset in DATASETS and DATASETS[group.dataset].choosing}
    if marked:
        notes.append("\\* classes on which settings may be chosen; the others are for reporting only.")
    where = sorted(set(runs["commit"].cast(pl.String).fill_null("")) - {""})
    machines = sorted(set(runs["machine"]))
    notes.append(f"Measured at {', '.join(where) or 'an unknown commit'} on {'; '.join(machines)}.")
    return " ".join(notes)


def _name(line: Line) -> str:
    return line.detector if line.family in ("", "clan") else f"{line.detector} ({line.family})"


def _mean(figure: Summary | None, *, digits: int = 3, spread: bool = False) -> str:
    if figure is None:
        return "-"
    return f"{figure.mean:.{digits}f}" + (f" ± {figure.sd:.{digits}f}" if spread and figure.sd is not None else "")


def _interval(figure: Summary | None) -> str:
    if figure is None or figure.t_interval is None:
        return "-"
    low, high = figure.t_interval
    return f"{low:.3f} to {high:.3f}"


def _against(line: Line) -> str:
    if line.against is None:
        return ""
    text = f"{line.against.difference:+.3f}"
    if line.against.t_interval is not None:
        low, high = line.against.t_interval
        text += f" ({low:+.3f} to {high:+.3f})"
    return text + (f", p = {line.holm_p:.2g}" if line.holm_p is not None else "")


def _seconds(figure: Summary | None) -> str:
    return "-" if figure is None else f"{figure.mean:.1f} s"


def _whole(figure: Summary | None) -> str:
    return "-" if figure is None else f"{figure.mean:,.0f}"
