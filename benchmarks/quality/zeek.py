"""Detection on labelled Zeek logs: benign connections against those labelled malicious, later or of another file.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/zeek.py [--quick] [--seeds N]

Trained on the benign connections of the first half (by time) of a labelled day. Tested on the second half of that day
(`same day, later`), and on the benign connections of that half with the malicious ones of a capture of malware at
another site (`another capture`). Isolation forest and nearest neighbours (PyOD's defaults) see the same features after
the same scaling, in the same run. `with context` adds what the hosts of a connection did before it. Labels name the
classes and never reach a model; background traffic is left out.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect import ClanDetector
from clan.errors import ClanWarning
from clan.evaluate import auroc, tpr_at_fpr
from clan.sources import read_flows

Floats = NDArray[np.float64]
DAY = "flows/zeek/008-mixed/data/conn.log.labeled"
BESIDE = ("conn_dns", "conn_tls", "conn_http")
MALWARE = "flows/zeek/001-malicious/labeled-conn.log"


def numbers(train: pl.DataFrame, tables: list[pl.DataFrame]) -> list[Floats]:
    """Give the columns that every table knows, on a log scale, standardised by the training rows."""
    features = [c for c in train.columns if c.startswith(("conn_", "ctx_"))]
    names = [c for c in features if not any(table[c].null_count() for table in [train, *tables])]
    logs = [np.arcsinh(t.select(names).cast(pl.Float64).to_numpy()) for t in [train, *tables]]
    spread = logs[0].std(axis=0)
    return [(values - logs[0].mean(axis=0)) / np.where(spread > 0, spread, 1) for values in logs]


def clan_scores(train: pl.DataFrame, tables: list[pl.DataFrame], seed: int, *, epochs: int | None) -> list[Floats]:
    """Score with ClanDetector as it comes."""
    detector = ClanDetector(fpr=0.01, epochs=epochs, random_state=seed).fit(train)
    return [detector.anomaly_score(table) for table in tables]


def rival_scores(name: str, train: pl.DataFrame, tables: list[pl.DataFrame], seed: int) -> list[Floats]:
    """Score with one of PyOD's detectors."""
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN

    known, *others = numbers(train, tables)
    model = IForest(random_state=seed) if name == "isolation forest" else KNN()
    model.fit(known)
    return [model.decision_function(values) for values in others]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs: only to see that it runs")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    data = os.environ.get("CLAN_TEST_DATA")
    if data is None:
        sys.exit("CLAN_TEST_DATA must name the folder of the test data")
    warnings.simplefilter("ignore", ClanWarning)
    groups = ["conn", "context"]
    day = read_flows(Path(data, DAY), features=groups).sort("ts_start")
    middle = day["ts_start"][0] + (day["ts_start"][-1] - day["ts_start"][0]) / 2
    early, late = day.filter(pl.col("ts_start") < middle), day.filter(pl.col("ts_start") >= middle)
    # what the logs beside one file tell and the other's do not would give the file away
    unknown = [pl.lit(None, day[c].dtype).alias(c) for c in day.columns if c.startswith(BESIDE)]
    malware = (
        read_flows(Path(data, MALWARE), features=groups).filter(pl.col("label") == "Malicious").with_columns(unknown)
    )
    train, normal = (part.filter(pl.col("label") == "Benign").with_columns(unknown) for part in (early, late))
    attacks = {
        "same day, later": late.filter(pl.col("label") == "Malicious").with_columns(unknown),
        "another capture": malware,
    }
    tables = [normal, *attacks.values()]
    epochs = 2 if options.quick else None
    context = [name for name in train.columns if name.startswith("ctx_")]
    plain = train.drop(context), [table.drop(context) for table in tables]
    contenders: Mapping[str, Callable[[int], list[Floats]]] = {
        "clan": lambda seed: clan_scores(*plain, seed, epochs=epochs),
        "clan, with context": lambda seed: clan_scores(train, tables, seed, epochs=epochs),
        "isolation forest": lambda seed: rival_scores("isolation forest", *plain, seed),
        "isolation forest, with context": lambda seed: rival_scores("isolation forest", train, tables, seed),
        "nearest neighbours": lambda seed: rival_scores("nearest neighbours", *plain, seed),
        "nearest neighbours, with context": lambda seed: rival_scores("nearest neighbours", train, tables, seed),
    }
    print(
        f"Trained on {train.height} benign connections; {normal.height} later ones are the benign part of both tests."
    )
    print("\n| attacks | flows | detector | AUROC | recall at 1 % false alarms | at 5 % |\n|---|---|---|---|---|---|")
    for name, score in contenders.items():
        runs = [score(seed) for seed in range(1 if options.quick else options.seeds)]
        for i, (attack, rows) in enumerate(attacks.items(), 1):
            rates = [(auroc(r[0], r[i]), tpr_at_fpr(r[0], r[i], 0.01), tpr_at_fpr(r[0], r[i], 0.05)) for r in runs]
            mean = np.mean(rates, axis=0)
            print(f"| {attack} | {rows.height} | {name} | {mean[0]:.3f} | {mean[1]:.1%} | {mean[2]:.1%} |")


if __name__ == "__main__":
    main()
