"""Protocol P1 on every data set that is there: ClanDetector, its audit and the rivals, by the code of `clan bench p1`.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/p1.py [--seeds 10] [--detectors all] [--classes]
        [--datasets cicids2017,nsl_kdd] [--best 8]
    python benchmarks/quality/p1.py --kept [--best 8] [--classes]

Runs are kept in benchmarks/results/p1.csv, and what is there is not run again: remove the file to measure anew. All
seeds of all detectors take hours; `--kept` prints what is there, with the number of seeds in each line.
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
from clan.evaluate.contenders import choose
from clan.evaluate.datasets import find_datasets
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library
from clan.evaluate.table import markdown

KEPT = Path(__file__).parents[1] / "results" / "p1.csv"


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs, one data set: does it run")
    parser.add_argument("--kept", action="store_true", help="run nothing, print the table of the kept runs")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--detectors", default="all")
    parser.add_argument("--datasets", help="only these, comma-separated; all kept runs are in the table")
    parser.add_argument("--best", type=int, help="print so many detectors of each data set, and the baselines")
    parser.add_argument("--classes", action="store_true", help="also print the AUROC of each class")
    wanted = parser.parse_args()
    p1 = benchmark("p1")
    if wanted.kept:
        kept = Results(KEPT, fields=p1.fields, key=p1.key)
        print(markdown(kept.frame(), classes=wanted.classes, best=wanted.best))
        return
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    paths = find_datasets(Path(os.environ["CLAN_TEST_DATA"]) / "flows")
    if wanted.datasets:
        paths = {name: paths[name] for name in wanted.datasets.split(",")}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "p1.csv" if wanted.quick else KEPT
        results = Results(place, fields=p1.fields, key=p1.key)
        options = BenchOptions(
            detectors=choose(None if wanted.quick else wanted.detectors.split(",")),
            seeds=range(1 if wanted.quick else wanted.seeds),
            epochs=2 if wanted.quick else None,
            tell=partial(print, file=sys.stderr, flush=True),
        )
        try:
            p1.run(Library(paths), sorted(paths)[: 1 if wanted.quick else None], options, results)
        except ClanError as error:
            sys.exit(str(error))
        print(markdown(results.frame(), classes=wanted.classes, best=wanted.best))


if __name__ == "__main__":
    main()
