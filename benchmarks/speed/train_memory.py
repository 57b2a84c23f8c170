"""Does the memory of `clan train` grow with what it reads? A log of flows at two sizes, beside reading all of it.

    python benchmarks/speed/train_memory.py [--quick] [--rows 300000 3000000]

The log is Zeek's conn.log, made up: some hundred hosts at a site, each with habits of its own. Each line is a process
of its own, whose peak memory is the operating system's. The rival reads the whole log with polars and trains an
isolation forest of scikit-learn on its numbers, which is what a script would do. clan learns from fewer flows than by
default (`--max-rows`), to be quick.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

BLOCK = 300_000
HOSTS = 300
SAMPLE = 20_000
HEAD = (
    "separator \\x09",
    "set_separator\t,",
    "empty_field\t(empty)",
    "unset_field\t-",
    "path\tconn",
    "open\t2026-01-01-00-00-00",
)
FIELDS = {
    "ts": "time", "uid": "string", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr", "id.resp_p": "port",
    "proto": "enum", "service": "string", "duration": "interval", "orig_bytes": "count", "resp_bytes": "count",
    "conn_state": "string", "missed_bytes": "count", "history": "string", "orig_pkts": "count",
    "orig_ip_bytes": "count", "resp_pkts": "count", "resp_ip_bytes": "count",
}  # fmt: skip
NUMBERS = ("duration", "orig_bytes", "resp_bytes", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes")
RIVAL = """
import sys, polars as pl
from sklearn.ensemble import IsolationForest
with open(sys.argv[1]) as log:
    names = next(line for line in log if line.startswith("#fields")).rstrip().split("\\t")[1:]
table = pl.read_csv(sys.argv[1], separator="\\t", comment_prefix="#", has_header=False, new_columns=names)
IsolationForest(n_estimators=200, random_state=0).fit(table.select(sys.argv[2].split(",")).to_numpy())
"""


class Cost(NamedTuple):
    """What a process took: seconds of processor time, and peak memory in GB."""

    seconds: float
    gb: float


def write_log(path: Path, n: int) -> None:
    """Write a conn.log of n flows, block by block."""
    rng = np.random.default_rng(0)
    with path.open("wb") as out:
        out.writelines(f"#{line}\n".encode() for line in HEAD)
        for word, values in (("#fields", FIELDS), ("#types", FIELDS.values())):
            out.write("\t".join([word, *values]).encode() + b"\n")
        for first in range(0, n, BLOCK):
            out.write(block(rng, first, min(BLOCK, n - first)).write_csv(separator="\t", include_header=False).encode())


def block(rng: np.random.Generator, first: int, n: int) -> pl.DataFrame:
    """Make some lines; flow number i ends 0.2 s after flow i - 1."""
    host, kind = rng.integers(HOSTS, size=n), rng.integers(5, size=n)
    packets = rng.poisson(4 + 3 * kind, size=(2, n)) + 1
    payload = packets * rng.integers(40, 400, size=(2, n))
    return pl.DataFrame(
        {
            "ts": 1.7e9 + 0.2 * (first + np.arange(n)),
            "uid": pl.select(pl.concat_str(pl.lit("C"), pl.int_range(first, first + n))).to_series(),
            "src": "10.1.0." + pl.Series(host).cast(pl.String),
            "src_port": rng.integers(1024, 65_536, n),
            "dst": "10.2.0." + pl.Series((host * 7 + kind) % 50).cast(pl.String),
            "dst_port": np.array([53, 80, 443, 445, 993])[kind],
            "proto": np.where(kind == 0, "udp", "tcp"),
            "service": np.array(["dns", "http", "ssl", "smb", "ssl"])[kind],
            "duration": rng.exponential(0.1, n).round(6),
            "orig_bytes": payload[0],
            "resp_bytes": payload[1],
            "state": "SF",
            "missed": 0,
            "history": np.where(kind == 0, "Dd", "ShADadFf"),
            "orig_pkts": packets[0],
            "orig_ip": payload[0] + 40 * packets[0],
            "resp_pkts": packets[1],
            "resp_ip": payload[1] + 40 * packets[1],
        }
    )


def cost(words: list[str]) -> Cost:
    """Run a process of its own."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words[:4])} ... failed")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e9)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small logs: does it run")
    parser.add_argument("--rows", type=int, nargs="+", default=[300_000, 3_000_000])
    wanted = parser.parse_args()
    print(
        "| flows | log | `clan train`: peak memory | processor time "
        "| read all, train a forest: peak memory | processor time |"
    )
    print("|---|---|---|---|---|---|")
    for rows in [20_000, 40_000] if wanted.quick else wanted.rows:
        with tempfile.TemporaryDirectory() as folder:
            log, model = Path(folder) / "conn.log", Path(folder) / "site.clan"
            write_log(log, rows)
            train = [sys.executable, "-m", "clan", "train", "-r", str(log), "-o", str(model), "--quiet"]
            ours = cost([*train, "--max-rows", str(SAMPLE)])
            rival = cost([sys.executable, "-c", RIVAL, str(log), ",".join(NUMBERS)])
            size = log.stat().st_size
        print(
            f"| {rows:,} | {size / 1e6:,.0f} MB | {ours.gb:.2f} GB | {ours.seconds:.0f} s | {rival.gb:.2f} GB "
            f"| {rival.seconds:.0f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
