"""Short runs of the coverage-guided fuzzers of everything that reads records: what each tried, and what it found.

    python benchmarks/quality/fuzz.py [--quick] [--seconds N]

Needs atheris (`pip install atheris`). Each fuzzer starts from its seeds, in a folder of its own. A finding is an
exception that is not clan's own, or a promise that does not hold: a record that is neither a flow nor counted, say.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUZZERS = {
    "Zeek, EVE": ("fuzz_records.py",),
    "NetFlow, IPFIX": ("fuzz_exports.py",),
    "Argus": ("fuzz_tables.py", "argus"),
    "CSV": ("fuzz_tables.py", "csv"),
    "Parquet": ("fuzz_tables.py", "parquet"),
}
_END = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) .*?corp: (\d+)/")


def run(script: str, *chosen: str, seconds: int) -> str:
    """Run one fuzzer; gives the cells of its row."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "tests" / "fuzz" / script), *chosen, f"{folder}/corpus"]
        options = [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/found-", "-rss_limit_mb=4096"]
        paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": paths}
        done = subprocess.run([*command, *options], capture_output=True, check=False, env=environment)
        found = len(list(Path(folder).glob("found-*")))
    said = done.stderr.decode("utf-8", "replace")
    end = _END.search(said)
    if end is None and not found:
        raise SystemExit(f"{script} did not run to its end:\n{said[-2000:]}")
    executions, edges, corpus = (f"{int(number):,}" for number in end.groups()) if end else ("-", "-", "-")
    return f"{seconds} s | {executions} | {edges} | {corpus} | {found or 'none'}"


def main() -> None:
    """Run all and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seconds each: only to see that they run")
    parser.add_argument("--seconds", type=int, default=120)
    given = parser.parse_args()
    print("| what is read | time | executions | edges | corpus | findings |\n|---|---|---|---|---|---|", flush=True)
    for name, (script, *chosen) in FUZZERS.items():
        cells = run(script, *chosen, seconds=2 if given.quick else given.seconds)
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
