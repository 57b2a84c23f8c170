"""Flow records a second, from a file in the page cache to the finished flow table, beside a reader of single lines.

    CLAN_TEST_DATA=... python benchmarks/speed/records.py [--quick] [--records N] [--rounds N]

Every run is a process of its own on one core; the median over the rounds is printed, in seconds of that core, and the
most memory that it held. The rival parses one line at a time (`json.loads`, or `str.split`), converts the same fields
to numbers and collects them in lists: no checks, no order, no derived columns, no community ID.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

_NUMBERS = ("ts", "duration", "orig_bytes", "resp_bytes", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes")


def run_clan(path: str) -> int:
    """Read with clan; gives the flows."""
    from clan.sources import FlowReader

    return sum(batch.height for batch in FlowReader([path], workers=1).batches())


def run_lines(path: str) -> int:
    """Read line by line; gives the records."""
    rows = []
    with Path(path).open() as log:
        fields: list[str] = []
        for line in log:
            if line.startswith("{"):
                record = json.loads(line)
                if record.get("event_type", "flow") == "flow":
                    record = record.get("flow", record) | {"uid": record.get("uid", record.get("flow_id"))}
                    rows.append([record["uid"], *(v for v in record.values() if isinstance(v, int | float))])
            elif line.startswith("#fields"):
                fields = line.rstrip("\n").split("\t")[1:]
            elif not line.startswith("#"):
                record = dict(zip(fields, line.rstrip("\n").split("\t"), strict=True))
                rows.append([record["uid"], *(float(record[n]) for n in _NUMBERS if record[n] != "-")])
    return len(rows)


RUNS: dict[str, Callable[[str], int]] = {"clan": run_clan, "line by line": run_lines}


def write_inputs(folder: Path, n: int) -> dict[str, Path]:
    """Write n records in each format."""
    from tests.sources.suricata.events import flow, lines
    from tests.sources.zeek.logs import connections, ndjson, text

    rows = connections(n)
    contents = {
        "Zeek conn.log (TSV)": text(rows),
        "Zeek conn.log (JSON)": ndjson(rows),
        "Suricata eve.json": lines([flow(i) for i in range(n)]),
    }
    paths = {name: folder / f"{i}.log" for i, name in enumerate(contents)}
    for name, path in paths.items():
        path.write_text(contents[name])
    return paths


def measure(tool: str, path: Path) -> tuple[float, float]:
    """Run in a process of its own; gives records a second of processor time, and MiB of memory at most."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--run", tool, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found = json.loads(done.stdout)
    return found["records"] / found["seconds"], found["mib"]


def run_here(tool: str, path: str) -> None:
    """Be that process: once over the first records to have everything compiled and loaded, then the file."""
    small = Path(f"{path}.small")
    with Path(path).open("rb") as log:
        small.write_bytes(b"".join(log.readlines(1 << 18)))
    RUNS[tool](str(small))
    before = time.process_time()
    records = RUNS[tool](path)
    seconds = time.process_time() - before
    # not getrusage: its peak is that of the process that started this one, too
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    memory = int(status["VmHWM"].split()[0]) / 1024
    print(json.dumps({"records": records, "seconds": seconds, "mib": memory}))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few records, one round: only to see that it runs")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_here(*options.run)
        return
    n, rounds = (20_000, 1) if options.quick else (options.records, options.rounds)
    print("| format | records | clan, records/s | memory | line by line, records/s | memory | ratio |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in write_inputs(Path(folder), n).items():
            found = {tool: [measure(tool, path) for _ in range(rounds)] for tool in RUNS}
            speed = {tool: statistics.median(s for s, _ in runs) for tool, runs in found.items()}
            memory = {tool: max(m for _, m in runs) for tool, runs in found.items()}
            cells = [f"{speed[tool]:,.0f} | {memory[tool]:,.0f} MiB" for tool in RUNS]
            print(f"| {name} | {n:,} | {' | '.join(cells)} | {speed['clan'] / speed['line by line']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
