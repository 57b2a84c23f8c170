"""Attack flows beside the benign flows that are most like them: which classes of P3 flows alone cannot tell, and why.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/nearest.py [--flows FILE]

Distance is that among the columns of groups `flow`, `context` and `payload`, scaled on the benign flows. A class is
listed with the share of its flows that lie nearer to a benign flow than the middle benign flow lies to the benign flows
of other networks; an example is the flow in the middle of the class. Every capture weighs the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.encoder import fit_scaler
from clan.evaluate.recordings import read_recordings
from clan.evaluate.recordings.judge import LEAST_CLASS_FLOWS
from clan.schema import features_of

GROUPS = ("flow", "context", "payload")
SHOWN = {
    "conn_duration": "duration (us)",
    "conn_fwd_packets": "packets out",
    "conn_bwd_packets": "packets back",
    "conn_fwd_bytes": "bytes out",
    "conn_bwd_bytes": "bytes back",
    "ctx_src_flows_60s": "flows of the source, 60 s",
    "ctx_src_peers_60s": "its peers, 60 s",
    "ctx_src_unanswered_60s": "unanswered, 60 s",
}
MOST = 20
"""Flows of a capture that are looked at, evenly from first to last."""

Floats = NDArray[np.float32]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=Path, help="Parquet of the flow table, as p3.py keeps it")
    kept = parser.parse_args().flows
    if kept is None and "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its captures from there")
    flows = pl.read_parquet(kept) if kept else read_recordings(Path(os.environ["CLAN_TEST_DATA"]) / "captures")
    step = (pl.col("number") - 1) // MOST + 1
    flows = flows.with_columns(row=pl.int_range(pl.len()).over("capture"), number=pl.len().over("capture"))
    flows = flows.filter(pl.col("row") % step == 0)
    benign, attack = flows.filter(pl.col("label") == "benign"), flows.filter(pl.col("label") != "benign")
    names = [f.name for f in features_of(GROUPS) if benign[f.name].null_count() < benign.height]
    scaler = fit_scaler("signed_log", _values(benign, names))
    low, high = scaler.transform(_values(benign, names)), scaler.transform(_values(attack, names))
    networks = benign["network"].to_numpy()
    chosen = np.random.default_rng(0).permutation(benign.height)[:1500]
    among = np.array([_nearest(low[i : i + 1], low[networks != networks[i]])[0][0] for i in chosen])
    middle = _weighted_median(among, 1 / benign["number"].to_numpy().clip(max=MOST)[chosen])
    distance, place = _nearest(high, low)
    attack = attack.with_columns(distance=pl.Series(distance), nearest=pl.Series(place))
    print(_classes(attack, benign, middle))


def _values(flows: pl.DataFrame, names: list[str]) -> NDArray[np.float64]:
    return flows.select(pl.col(names).cast(pl.Float64)).to_numpy()


def _nearest(rows: Floats, others: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Distance to the nearest of the others, and which it is."""
    squared = np.einsum("ij,ij->i", others, others) - 2 * rows @ others.T
    place = squared.argmin(axis=1)
    found = squared[np.arange(len(rows)), place] + np.einsum("ij,ij->i", rows, rows)
    return np.sqrt(np.maximum(found, 0)), place


def _weighted_median(values: Floats, weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])


def _classes(attack: pl.DataFrame, benign: pl.DataFrame, middle: float) -> str:
    """Write the classes, those nearest to normal first, and the example of each that is mostly nearer than `middle`."""
    lines = [
        "| class | captures | flows nearer to a benign flow than benign flows of other networks are |",
        "|---|---|---|",
    ]
    examples = []
    shares = []
    for (label,), own in attack.partition_by("label", as_dict=True).items():
        if own["capture"].unique().len() and own.group_by("capture").agg(pl.col("number").first())["number"].sum() >= (
            LEAST_CLASS_FLOWS
        ):
            near = own.group_by("capture").agg((pl.col("distance") < middle).mean())["distance"].mean()
            shares.append((float(near or 0.0), str(label), own))  # type: ignore[arg-type]
    for near, label, own in sorted(shares, key=lambda each: (-each[0], each[1])):
        lines.append(f"| {label} | {own['capture'].n_unique()} | {near:.0%} |")
        if near >= 0.5:
            row = own.sort("distance")[own.height // 2].row(0, named=True)
            examples += [
                _cells(label, row),
                _cells(f"nearest benign, {row['distance']:.1f} away", benign.row(row["nearest"], named=True)),
            ]
    head = ["", "The middle flow of each class that is mostly nearer, above the benign flow most like it:", ""]
    return "\n".join(
        [*lines, *head, f"| | to port | {' | '.join(SHOWN.values())} |", "|---" * (2 + len(SHOWN)) + "|", *examples]
    )


def _cells(title: str, row: dict[str, object]) -> str:
    """Write one flow."""
    numbers = (row[name] for name in SHOWN)
    cells = ("-" if value is None else f"{value:,.4g}" for value in numbers)
    return f"| {title} | {row['protocol']}/{row['dst_port']} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
