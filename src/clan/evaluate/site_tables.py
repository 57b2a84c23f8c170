"""Results of the lab's benchmark as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from clan.evaluate.table import cells

ALERTS_PER_DAY = 10.0
"""The budget; a recording stands for one day."""
TRIVIAL_FAMILY = "trivial"
"""Of the baselines that learn nothing."""


def site_tables(runs: pl.DataFrame, *, against: str = "clan") -> str:
    """Write what detectors do at each site and at the other one, then the classes for `against` and the baselines."""
    if not runs.height:
        return "no runs yet"
    parts = []
    for (site,), part in runs.sort("site").group_by(["site"], maintain_order=True):
        parts += [f"#### Site {site}, a budget of {ALERTS_PER_DAY:g} alerts a day", _detectors(part, str(site))]
        parts += [f"#### Site {site}, by class", _classes(part, str(site), against)]
    where = sorted(set(runs["commit"].cast(pl.String).fill_null("")) - {""})
    machines = "; ".join(sorted(set(runs["machine"])))
    parts.append(
        "Means over seeds. A class is *flagged* where more of its flows alert than chance explains at the day's rate "
        "of false alarms (binomial, 1 %). Thresholds come from a quiet day: of the same site, held out in blocks of "
        "time, or, recalibrated, of the site that is watched. The first alert is in minutes of the day after the first "
        "packet of the attack. *Alarms, quiet day*: on another day without attacks, which is what the budget is about; "
        "*other day*: the one with attacks. "
        "*Bystanders*: those of them on a host that attacked or was attacked in the minute before. "
        f"Measured at {', '.join(where) or 'an unknown commit'} on {machines}."
    )
    return "\n\n".join(parts)


def _detectors(part: pl.DataFrame, site: str) -> str:
    header = ["detector", "features", "trained on", "threshold from", "macro AUROC", "recall at the budget"]
    header += ["classes flagged", "alarms, quiet day", "false alarms, other day", "bystanders", "of benign flows"]
    keys = ["detector", "features", "trained_on", "threshold_from"]
    figures = part.group_by(keys, maintain_order=True).agg(
        pl.col("macro_auroc", "macro_recall", "flagged", "n_classes", "n_benign").mean(),
        pl.col("quiet_alarms", "false_alarms", "bystander_alarms").cast(pl.Float64).mean(),
    )
    home = pl.col("trained_on").is_in([site, ""])
    figures = figures.sort(~home, "trained_on", "threshold_from", "features", -pl.col("macro_auroc"))
    found = pl.concat_str(pl.col("flagged").round(1), pl.lit(" of "), pl.col("n_classes").cast(pl.Int64))
    figures = figures.with_columns(found=found)
    rows = [
        [
            row["detector"], row["features"] or "none", row["trained_on"] or "nothing", row["threshold_from"],
            f"{row['macro_auroc']:.3f}", f"{row['macro_recall']:.1%}", row["found"],
            "-" if row["quiet_alarms"] is None else f"{row['quiet_alarms']:.1f}",
            f"{row['false_alarms']:.1f}", f"{row['bystander_alarms']:.1f}", f"{row['n_benign']:,.0f}",
        ]
        for row in figures.iter_rows(named=True)
    ]  # fmt: skip
    return cells(header, rows)


def _classes(part: pl.DataFrame, site: str, against: str) -> str:
    """AUROC, recall and first alert by class: the one that is asked for with every set of features, and baselines."""
    home = part.filter(pl.col("trained_on").is_in([site, ""]), pl.col("threshold_from") == site)
    lines = [
        *_columns(home.filter(pl.col("detector") == against)),
        *_columns(home.filter(pl.col("family") == TRIVIAL_FAMILY)),
    ]
    header = ["class", "flows", *(f"{name}: AUROC, recall, first alert" for name, _ in lines)]
    sizes = {name: each["n"] for _, classes in lines for name, each in classes.items()}
    rows = [[name, f"{n:,.0f}", *(_cell(classes[name]) for _, classes in lines)] for name, n in sizes.items()]
    return cells(header, rows)


def _columns(runs: pl.DataFrame) -> Iterator[tuple[str, dict[str, dict[str, float]]]]:
    for (detector, features), part in runs.group_by(["detector", "features"], maintain_order=True):
        seeds = [json.loads(text) for text in part["classes"]]
        means = {name: _mean([each[name] for each in seeds]) for name in seeds[0]}
        yield " ".join(filter(None, [str(detector), str(features)])), means


def _mean(found: Sequence[Mapping[str, float | None]]) -> dict[str, float]:
    first = [each["first_alert_min"] for each in found if each["first_alert_min"] is not None]
    means = {name: float(np.mean([each[name] for each in found])) for name in ("n", "auroc", "alerts", "flagged")}
    return means | ({"first": float(np.median(first))} if first else {})


def _cell(figures: Mapping[str, float]) -> str:
    first = f"{figures['first']:,.0f} min" if "first" in figures else "-"
    return f"{figures['auroc']:.3f}, {figures['alerts'] / figures['n']:.0%}, {first}" + (
        " **flagged**" if figures["flagged"] > 0.5 else ""
    )
