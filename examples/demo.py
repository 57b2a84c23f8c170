"""Alerts against truth: joins `clan detect --scores` with the labels of a recording and prints one line per label.

    python examples/demo.py out/scores.parquet samples/alpha-labels.csv --alerts-per-day 10

A flow has the label of the first window that it starts in, between the window's two hosts, in either direction; an
empty field of the labels stands for any value. Every other flow is benign.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from clan.sources.tabular import label_flows, read_labels


def label_or_benign(flows: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """`flows` with a column `label`; what no line of the labels means is benign."""
    return flows.with_columns(label_flows(flows, labels)[0].fill_null("benign"))


def summarise(labelled: pl.DataFrame) -> pl.DataFrame:
    """One row per label: flows, alerts, share of flows alerted; benign first, then by name."""
    counts = labelled.group_by("label").agg(pl.len().alias("flows"), pl.col("alert").sum().alias("alerts"))
    share = counts.with_columns((pl.col("alerts") / pl.col("flows")).alias("share"))
    return share.sort(pl.col("label") != "benign", "label")


def show(summary: pl.DataFrame, alerts_per_day: float, console: Console) -> None:
    """Print the table and, under it, the false alarms of the day beside the budget."""
    table = Table(title="alerts against truth")
    table.add_column("label")
    for name in ("flows", "alerts", "recall"):
        table.add_column(name, justify="right")
    for row in summary.iter_rows(named=True):
        recall = "-" if row["label"] == "benign" else f"{row['share']:.1%}"
        table.add_row(row["label"], str(row["flows"]), str(row["alerts"]), recall)
    console.print(table)
    for row in summary.filter(pl.col("label") == "benign").iter_rows(named=True):
        console.print(
            f"false alarms: {row['alerts']} of {row['flows']:,} benign flows, in a recording that stands for one day; "
            f"the budget is {alerts_per_day:g} a day"
        )
    classes = summary.filter(~pl.col("label").is_in(["benign", "side_effect"]))
    found = classes.filter(pl.col("alerts") > 0).height
    console.print(f"classes with an alert: {found} of {classes.height}")


def main() -> None:
    """Read both files and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--alerts-per-day", type=float, required=True, help="the budget of the model")
    wanted = parser.parse_args()
    labelled = label_or_benign(pl.read_parquet(wanted.scores), read_labels(wanted.labels))
    show(summarise(labelled), wanted.alerts_per_day, Console())


if __name__ == "__main__":
    main()
