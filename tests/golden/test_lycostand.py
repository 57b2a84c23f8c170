"""Profile lycos prints what the original LycoSTand extractor printed, for every flow of every golden capture."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from clan.flows import profile
from clan.schema import features_of
from clan.sources.packets import PacketSource

FEATURES = [feature.name for feature in features_of(["flow"])]
KEY = ["src_ip", "src_port", "dst_ip", "dst_port", "protocol", "ts"]
UNDEFINED_FIRST_FLOW = {"c21.csv"}
"""Captures whose very first flow the original gives no defined direction."""


def read_golden(path: Path) -> pl.DataFrame:
    """Read what the original printed, with the key under this project's names."""
    names = {
        "src_addr": "src_ip",
        "src_port": "src_port",
        "dst_addr": "dst_ip",
        "dst_port": "dst_port",
        "ip_prot": "protocol",
        "timestamp": "ts",
    }
    golden = pl.read_csv(path, infer_schema=False).rename(names)
    features = pl.col(FEATURES).str.strip_chars().cast(pl.Float64)
    return golden.select(
        pl.col("src_ip", "dst_ip"), pl.col("src_port", "dst_port", "protocol", "ts").cast(pl.Int64), features
    )


def read_ours(path: Path) -> pl.DataFrame:
    """Read the capture with the engine, in profile lycos; where we say "no port" the original prints 0."""
    flows = pl.concat(list(PacketSource([str(path)], profile("lycos")).batches()))
    flows = flows.with_columns(pl.col("src_port", "dst_port").fill_null(0), ts=pl.col("ts_start").to_physical())
    return flows.select(*KEY, *FEATURES)


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Number the flows that agree in key and start, so that a join pairs them one to one."""
    return frame.sort(*KEY, *FEATURES).with_columns(pl.int_range(pl.len()).over(KEY).alias("nth"))


def test_golden_captures(test_data: Path) -> None:
    folder = test_data / "golden" / "lycostand"
    with (folder / "index.csv").open() as index:
        captures = [(row["csv"], row["capture"], int(row["flows"])) for row in csv.DictReader(index)]
    assert len(captures) == 16
    problems = []
    for name, capture, n_flows in captures:
        golden, ours = read_golden(folder / name), read_ours(test_data / "captures" / capture)
        assert golden.height == n_flows
        if name in UNDEFINED_FIRST_FLOW:
            golden, ours = (
                golden.filter(pl.col("ts") > golden["ts"].min()),
                ours.filter(pl.col("ts") > ours["ts"].min()),
            )
        if ours.height != golden.height:
            problems.append(f"{name}: {ours.height} flows, expected {golden.height}")
        both = numbered(golden).join(numbered(ours), on=[*KEY, "nth"], suffix="_ours")
        if both.height != golden.height:
            problems.append(f"{name}: {golden.height - both.height} of {golden.height} flows have no partner")
        for feature in FEATURES:
            expected, found = pl.col(feature).cast(pl.Float64), pl.col(f"{feature}_ours").cast(pl.Float64)
            wrong = both.filter(~((expected - found).abs() <= 1e-6 * expected.abs() + 6e-7))
            if wrong.height:
                row = wrong.row(0, named=True)
                problems.append(f"{name}: {feature}: {wrong.height} wrong, {row[feature]} got {row[f'{feature}_ours']}")
    assert not problems, "\n".join(problems)
