"""Attacks among the training rows: what they cost, and what `clean=` saves, by the code of `clan bench dirty`.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/dirty.py [--seeds 3] [--detectors clan,clan:clean]

Runs are kept in benchmarks/results/dirty.csv, and what is there is not run again: remove the file to measure anew.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from clan.errors import ClanError
from clan.evaluate.benchmarks import benchmark
from clan.evaluate.contenders import contenders
from clan.evaluate.datasets import find_datasets
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library

KEPT = Path(__file__).parents[1] / "results" / "dirty.csv"


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, no network, one data set: does it run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--detectors", default="clan,clan:clean,isolation_forest")
    parser.add_argument("--max-class-rows", type=int, default=None, help="draw so many rows of each larger class")
    parser.add_argument("--dataset", action="append", default=None)
    wanted = parser.parse_args()
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    names = ["clan:feature_prototypes"] if wanted.quick else wanted.detectors.split(",")
    datasets = ["cicids2017"] if wanted.quick else wanted.dataset or ["cicids2017", "nsl_kdd"]
    dirty, known = benchmark("dirty"), contenders()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "dirty.csv" if wanted.quick else KEPT
        results = Results(place, fields=dirty.fields, key=dirty.key)
        options = BenchOptions(
            detectors=[known[name] for name in names],
            seeds=range(1 if wanted.quick else wanted.seeds),
            tell=partial(print, file=sys.stderr, flush=True),
        )
        try:
            paths = find_datasets(Path(os.environ["CLAN_TEST_DATA"]) / "flows")
            dirty.run(Library(paths, max_class_rows=wanted.max_class_rows), datasets, options, results)
        except ClanError as error:
            sys.exit(str(error))
        print(dirty.table(results.frame()))


if __name__ == "__main__":
    main()
