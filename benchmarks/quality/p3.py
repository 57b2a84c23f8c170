"""Protocol P3, real captures of many networks, by the code of `clan bench captures`.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/p3.py [--seeds 3] [--detectors clan,nearest_neighbour]

Runs are kept in benchmarks/results/p3.csv, and what is there is not run again: remove the file to measure anew. A line
for each run and attack capture goes to p3_captures.csv beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import polars as pl

from clan.errors import ClanError
from clan.evaluate.benchmarks import benchmark
from clan.evaluate.benchmarks.captures import capture_table, run_table
from clan.evaluate.recordings import read_recordings
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions

KEPT = Path(__file__).parents[1] / "results" / "p3.csv"


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one split, one detector: does it run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--detectors")
    parser.add_argument(
        "--flows", type=Path, help="Parquet to keep the flow table of the captures in, or to read it from"
    )
    wanted = parser.parse_args()
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its captures from there")
    p3 = benchmark("captures")
    names = ["kmeans_prototypes"] if wanted.quick else wanted.detectors.split(",") if wanted.detectors else None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "p3.csv" if wanted.quick else KEPT
        results = Results(place, fields=p3.fields, key=p3.key)
        options = BenchOptions(
            detectors=p3.choose(names),
            seeds=range(1 if wanted.quick else wanted.seeds),
            tell=partial(print, file=sys.stderr, flush=True),
        )
        try:
            run_table("captures", _flows(wanted.flows), options, results)
        except ClanError as error:
            sys.exit(str(error))
        capture_table(results.frame()).write_csv(place.with_name("p3_captures.csv"))
        print(p3.table(results.frame()))


def _flows(kept: Path | None) -> pl.DataFrame:
    """Read the flow table, of the captures or as it was kept."""
    if kept is not None and kept.is_file():
        return pl.read_parquet(kept)
    flows = read_recordings(Path(os.environ["CLAN_TEST_DATA"]) / "captures")
    if kept is not None:
        flows.write_parquet(kept)
    return flows


if __name__ == "__main__":
    main()
