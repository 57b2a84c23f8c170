"""Alerts against truth: joins `clan detect --scores` with the labels of a recording and prints one line per label.

    python examples/demo.py out/scores.parquet samples/alpha-labels.csv --alerts-per-day 10 --quiet out/quiet.parquet

A flow has the label of the first window that it starts in, between the window's two hosts, in either direction; an
empty field of the labels stands for any value. Every other flow is benign.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from clan.evaluate.day import bystanders
from clan.sources.tabular import label_flows, read_labels


def label_or_benign(flows: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """`flows` with a column `label`; what no line of the labels means is benign."""
    return flows.with_columns(label_flows(flows, labels)[0].fill_null("benign"))


def summarise(labelled: pl.DataFrame) -> pl.DataFrame:
    """One row per label: flows, alerts, share of flows alerted; benign first, then by name."""
    counts = labelled.group_by("label").agg(pl.len().alias("flows"), pl.col("alert").sum().alias("alerts"))
    share = counts.with_columns((pl.col("alerts") / pl.col("flows")).alias("share"))
    return share.sort(pl.col("label") != "benign", "label")


def show(summary: pl.DataFrame, console: Console) -> None:
    """Print the table."""
    table = Table(title="alerts against truth")
    table.add_column("label")
    for name in ("flows", "alerts", "recall"):
        table.add_column(name, justify="right")
    for row in summary.iter_rows(named=True):
        recall = "-" if row["label"] == "benign" else f"{row['share']:.1%}"
        table.add_row(row["label"], str(row["flows"]), str(row["alerts"]), recall)
    console.print(table)
    classes = summary.filter(~pl.col("label").is_in(["benign", "side_effect"]))
    found = classes.filter(pl.col("alerts") > 0).height
    console.print(f"classes with an alert: {found} of {classes.height}")


def show_false_alarms(labelled: pl.DataFrame, quiet: pl.DataFrame, alerts_per_day: float, console: Console) -> None:
    """Print what the budget is about, and how many benign flows alert because an attack is on their host."""
    console.print(
        f"alerts on another quiet day: {quiet['alert'].sum()} of {quiet.height:,} flows; "
        f"the budget is {alerts_per_day:g} a day"
    )
    near = bystanders(labelled, labelled["label"].to_numpy().astype(str))
    false = labelled.with_columns(near=near).filter("alert", pl.col("label") == "benign")
    console.print(
        f"alerts on benign flows of the day with attacks: {false.height}, {false['near'].sum()} of them on a host "
        "that attacked or was attacked in the minute before"
    )


def main() -> None:
    """Read the files and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--quiet", type=Path, required=True, help="scores of a day without attacks")
    parser.add_argument("--alerts-per-day", type=float, required=True, help="the budget of the model")
    wanted = parser.parse_args()
    labelled = label_or_benign(pl.read_parquet(wanted.scores), read_labels(wanted.labels))
    show(summarise(labelled), console := Console())
    show_false_alarms(labelled, pl.read_parquet(wanted.quiet), wanted.alerts_per_day, console)


if __name__ == "__main__":
    main()
