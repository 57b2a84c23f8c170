"""Alerts against truth: joins `clan detect --scores` with the labels of a recording and prints one line per label.

    python examples/demo.py out/scores.parquet samples/labels.csv --fpr 0.01

A flow has the label of the first window that it starts in, between the window's two hosts, in either direction; an
empty field of the labels stands for any value. Every other flow is benign.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

_TIMES = ("ts_start", "ts_end")


def read_labels(path: Path) -> pl.DataFrame:
    """The windows of a labels file, times as UTC microseconds, in the file's order."""
    windows = pl.read_csv(path, schema_overrides={"dst_port": pl.Int64, "protocol": pl.Int64})
    return windows.with_columns(pl.col(_TIMES).str.to_datetime(time_unit="us", time_zone="UTC"))


def matches(window: dict[str, object]) -> pl.Expr:
    """Which flows a window means."""

    def between(source: str, target: str) -> pl.Expr:
        wanted = {f"{source}_ip": "src_ip", f"{target}_ip": "dst_ip", f"{target}_port": "dst_port"}
        named = [pl.col(column).eq(window[field]) for column, field in wanted.items() if window[field] is not None]
        return pl.all_horizontal(pl.lit(value=True), *named).fill_null(value=False)

    either = between("src", "dst") | between("dst", "src")
    if window["protocol"] is not None:
        either &= pl.col("protocol").eq(window["protocol"])
    return either & pl.col("ts_start").is_between(pl.lit(window["ts_start"]), pl.lit(window["ts_end"]))


def label_flows(flows: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """`flows` with a column `label`; the first window that means a flow names it."""
    named = [pl.when(matches(window)).then(pl.lit(window["label"])) for window in windows.iter_rows(named=True)]
    return flows.with_columns(pl.coalesce(*named, pl.lit("benign")).alias("label"))


def summarise(labelled: pl.DataFrame) -> pl.DataFrame:
    """One row per label: flows, alerts, share of flows alerted; benign first, then by name."""
    counts = labelled.group_by("label").agg(pl.len().alias("flows"), pl.col("alert").sum().alias("alerts"))
    share = counts.with_columns((pl.col("alerts") / pl.col("flows")).alias("share"))
    return share.sort(pl.col("label") != "benign", "label")


def show(summary: pl.DataFrame, fpr: float, console: Console) -> None:
    """Print the table and, under it, the false-alarm rate beside the budget."""
    table = Table(title="alerts against truth")
    table.add_column("label")
    for name in ("flows", "alerts", "recall"):
        table.add_column(name, justify="right")
    for row in summary.iter_rows(named=True):
        recall = "-" if row["label"] == "benign" else f"{row['share']:.1%}"
        table.add_row(row["label"], str(row["flows"]), str(row["alerts"]), recall)
    console.print(table)
    for row in summary.filter(pl.col("label") == "benign").iter_rows(named=True):
        console.print(f"false alarms: {row['share']:.2%} of {row['flows']} benign flows; the budget is {fpr:.2%}")


def main() -> None:
    """Read both files and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--fpr", type=float, required=True, help="the budget that the model was trained with")
    wanted = parser.parse_args()
    labelled = label_flows(pl.read_parquet(wanted.scores), read_labels(wanted.labels))
    show(summarise(labelled), wanted.fpr, Console())


if __name__ == "__main__":
    main()
