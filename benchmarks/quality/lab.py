"""The lab's two sites, by the code of `clan bench lab`, on the recordings in samples.

    python benchmarks/quality/lab.py [--seeds 1] [--detectors clan]

Runs are kept in benchmarks/results/lab.csv, and what is there is not run again: remove the file to measure anew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from clan.evaluate.benchmarks import benchmark
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "benchmarks" / "results"


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two epochs: does it run")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--detectors", default="clan")
    wanted = parser.parse_args()
    lab = benchmark("lab")
    with tempfile.TemporaryDirectory() as folder:
        results = Results((Path(folder) if wanted.quick else KEPT) / "lab.csv", fields=lab.fields, key=lab.key)
        options = BenchOptions(
            detectors=lab.choose(wanted.detectors.split(",")),
            seeds=range(1 if wanted.quick else wanted.seeds),
            epochs=2 if wanted.quick else None,
            tell=partial(print, file=sys.stderr, flush=True),
        )
        lab.run(Library({"samples": ROOT / "samples"}), ["samples"], options, results)
        print(lab.table(results.frame()))


if __name__ == "__main__":
    main()
