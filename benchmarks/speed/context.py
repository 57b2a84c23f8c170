"""Flows a second to which one core adds the context: a site's few hosts, many hosts, and a flood of new ones.

    python benchmarks/speed/context.py [--quick]

Processor time of one thread, the better of two passes, the making of the table included. Then packets and flows a
second from a capture to the flow table with each choice of feature groups, beside group `flow` alone in the same
rounds; the capture is made of those of the test data (CLAN_TEST_DATA), and this part is left out without them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import polars as pl
from benchmarks.speed.capture import build_capture

from clan.context import ContextEngine
from clan.context.rows import MEASURED
from clan.sources import FlowReader

BATCH = 65_536
MIXES = {"200 hosts": 200, "50,000 hosts": 50_000, "every flow a new source": 0}


def flows(n: int, hosts: int) -> pl.DataFrame:
    """Make n flows within ten minutes among so many hosts, some much busier than others; 0: each source is new."""
    rng = np.random.default_rng(0)
    names = np.array([f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(hosts or n)])
    chosen = rng.zipf(1.3, (2, n)) % len(names)
    ends = np.sort(rng.integers(0, 600_000_000, n)) + 1_700_000_000_000_000
    return pl.DataFrame(
        {
            "src_ip": names[chosen[0]] if hosts else names,
            "dst_ip": names[chosen[1]] if hosts else "192.0.2.1",
            "dst_port": rng.choice([22, 53, 80, 443, 8080], n),
            "protocol": 6,
            "source": "benchmark",
            "ts_start": pl.Series(ends - 1000).cast(pl.Datetime("us", "UTC")),
            "ts_end": pl.Series(ends).cast(pl.Datetime("us", "UTC")),
            **{name: rng.integers(0, 2000, n) for name in MEASURED},
        }
    )


CHOICES = ("flow", "flow,context", "flow,payload", "flow,context,payload")
ROUNDS = 3


def measure(table: pl.DataFrame) -> float:
    """Give flows a second of processor time."""
    engine = ContextEngine()
    started = time.process_time()
    for first in range(0, table.height, BATCH):
        engine.add(table[first : first + BATCH])
    return table.height / (time.process_time() - started)


def groups(path: str, packets: int, rounds: int) -> list[str]:
    """Write a line of the table for each choice of feature groups: medians over rounds that alternate."""
    spent: dict[str, list[float]] = {choice: [] for choice in CHOICES}
    n_flows = 0
    for choice in CHOICES:  # what is compiled at the first call
        sum(batch.height for batch in FlowReader([path], features=choice.split(","), workers=1).batches())
    for _ in range(rounds):
        for choice in CHOICES:
            started = time.process_time()
            reader = FlowReader([path], features=choice.split(","), workers=1)
            n_flows = sum(batch.height for batch in reader.batches())
            spent[choice].append(time.process_time() - started)
    middle = {choice: float(np.median(seconds)) for choice, seconds in spent.items()}
    return [
        f"| {choice} | {packets / seconds:,.0f} | {middle['flow'] / seconds:.2f} | {n_flows / seconds:,.0f} |"
        for choice, seconds in middle.items()
    ]


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few flows: does it run")
    quick = parser.parse_args().quick
    n = 20_000 if quick else 400_000
    print("| traffic | flows/s |\n|---|---|")
    measure(flows(1000, 10))
    for title, hosts in MIXES.items():
        table = flows(n, hosts)
        print(f"| {title} | {max(measure(table) for _ in range(2)):,.0f} |")
    if "CLAN_TEST_DATA" not in os.environ:
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "big.pcap"
        facts = build_capture(Path(os.environ["CLAN_TEST_DATA"]), target, 50_000 if quick else 600_000)
        print("\n| feature groups | packets/s | of `flow` alone | flows/s |\n|---|---|---|---|")
        print("\n".join(groups(str(target), int(facts["packets"]), 1 if quick else ROUNDS)))


if __name__ == "__main__":
    main()
