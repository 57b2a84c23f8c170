"""Protocol P2: naming from k labelled rows a class, by the code of `clan bench p2` and `clan bench p2_open`.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/p2.py [--seeds 30] [--detectors clan,clan:full] [--open]

Runs are kept in benchmarks/results/p2.csv and p2_open.csv, and what is there is not run again: remove the file to
measure anew. A file may hold runs of namers with fewer draws; the table says how many each has.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from clan.errors import ClanError
from clan.evaluate.benchmarks import benchmark
from clan.evaluate.datasets import find_datasets
from clan.evaluate.naming import run_closed
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library

KEPT = Path(__file__).parents[1] / "results"


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one draw of k = 8: does it run")
    parser.add_argument("--open", action="store_true", help="leave each attack class out in turn instead")
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--detectors", default="clan")
    wanted = parser.parse_args()
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    paths = find_datasets(Path(os.environ["CLAN_TEST_DATA"]) / "flows")
    p2 = benchmark("p2_open" if wanted.open else "p2")
    if wanted.quick:
        p2 = replace(p2, run=partial(run_closed, "p2", ks=(8,)))
    with tempfile.TemporaryDirectory() as folder:
        results = Results((Path(folder) if wanted.quick else KEPT) / f"{p2.name}.csv", fields=p2.fields, key=p2.key)
        options = BenchOptions(
            detectors=p2.choose(wanted.detectors.split(",")),
            seeds=range(1 if wanted.quick else wanted.seeds),
            tell=partial(print, file=sys.stderr, flush=True),
        )
        try:
            p2.run(Library(paths), p2.datasets, options, results)
        except ClanError as error:
            sys.exit(str(error))
        print(p2.table(results.frame()))


if __name__ == "__main__":
    main()
