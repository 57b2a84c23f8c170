"""P3 on made-up captures: every split, choice of groups and detector once, and tables that say what was found."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.detect.flow_tables import flow_table

from clan.evaluate.benchmarks.captures import CAPTURES, KNOWN, capture_table, run_table, table
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions
from clan.schema import GROUPS, IDENTITY


def captures() -> pl.DataFrame:
    """Eight benign networks and a scan, whose context has a hundred times as much of all."""
    n = 60
    flows = flow_table(9 * n, seed=0).with_columns(
        network=pl.Series([f"net{i // n}" for i in range(9 * n)]), i=pl.int_range(9 * n) % n
    )
    scan = pl.col("network") == "net8"
    context = {f.name: pl.when(scan).then(100.0).otherwise(1.0) * (1 + pl.col("i") % 3) for f in GROUPS["context"]}
    payload = {f.name: pl.col("i") % 5 for f in GROUPS["payload"]}
    missing = {name: pl.lit(None, dtype) for name, dtype in IDENTITY.items() if name not in flows.columns}
    return flows.with_columns(**context, **payload, **missing).with_columns(
        capture=pl.col("network"),
        label=pl.when(scan).then(pl.lit("scan")).otherwise(pl.lit("benign")),
        choosing=pl.col("network") < "net4",
        timing_flag=pl.lit(None, pl.String),
        same_traffic=pl.lit(None, pl.String),
        position=pl.col("i").cast(pl.Float64),
        count=pl.lit(float(n)),
    )


def test_the_scan_is_found_in_its_context_and_nothing_is_run_twice(tmp_path: Path) -> None:
    results = Results(tmp_path / "p3.csv", fields=CAPTURES.fields, key=CAPTURES.key)
    detectors = [each for each in CAPTURES.choose(None) if each.name == "nearest_neighbour"]
    options = BenchOptions(detectors=detectors, seeds=[0], tell=lambda _: None)
    run_table("captures", captures(), options, results)
    runs = results.frame()
    groups = ["flow", "flow+context", "flow+context+payload"]
    assert sorted(runs["condition"].fill_null("").unique()) == sorted(
        ["", KNOWN, *groups, *(f"{KNOWN}, {each}" for each in groups)]
    )
    found = {(row["detector"], row["condition"] or ""): row for row in runs.iter_rows(named=True)}
    assert found["nearest_neighbour", "flow+context"]["macro_auroc"] > 0.95
    assert found["nearest_neighbour", "flow"]["macro_auroc"] == pytest.approx(0.5, abs=0.15)
    assert found["count", ""]["macro_auroc"] == 0.5
    lines = capture_table(runs)
    assert set(lines["capture"]) == {"net8"}
    assert "| scan | 1 | 60 |" in table(runs)
    before = runs.height
    run_table("captures", captures(), options, results)
    assert results.frame().height == before
