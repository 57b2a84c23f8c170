"""Flows a second to which one core adds the context: a site's few hosts, many hosts, and a flood of new ones.

    python benchmarks/speed/context.py [--quick]

Processor time of one thread, the better of two passes, the making of the table included. Then packets and flows a
second from a capture to the flow table with each choice of feature groups: made of flows that all have as many packets,
because a flow costs what its packets cost and something once; and of the captures of the test data (CLAN_TEST_DATA,
left out without them), beside group `flow` alone in the same rounds.
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
import numpy.typing as npt
import polars as pl
from benchmarks.speed.capture import build_capture, build_even_flows

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
PACKETS = (4, 8, 16)
ROUNDS = 3


def measure(table: pl.DataFrame) -> float:
    """Give flows a second of processor time."""
    engine = ContextEngine()
    started = time.process_time()
    for first in range(0, table.height, BATCH):
        engine.add(table[first : first + BATCH])
    return table.height / (time.process_time() - started)


def groups(path: str, rounds: int) -> dict[str, tuple[float, int]]:
    """Give seconds and flows for each choice of feature groups: medians over rounds that alternate."""
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
    return {choice: (float(np.median(seconds)), n_flows) for choice, seconds in spent.items()}


def packets_of_flows(path: str) -> npt.NDArray[np.int64]:
    """Count the packets of each flow of a capture."""
    counts = [batch.select(pl.col("fwd_pkt_cnt") + pl.col("bwd_pkt_cnt")) for batch in FlowReader([path]).batches()]
    return pl.concat(counts).to_series().to_numpy()


def real_traffic(*, quick: bool) -> None:
    """Print the choices of groups on a capture made of real ones."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "big.pcap"
        packets = build_capture(Path(os.environ["CLAN_TEST_DATA"]), target, 50_000 if quick else 600_000)["packets"]
        counts = packets_of_flows(str(target))
        found = groups(str(target), 1 if quick else ROUNDS)
    middle, mean = np.median(counts), np.mean(counts)
    print(
        f"\nReal captures laid over each other: {mean:.1f} packets a flow on average, {middle:.0f} in the middle.\n\n"
        "| feature groups | packets/s | of `flow` alone | flows/s |\n|---|---|---|---|"
    )
    for choice, (seconds, n) in found.items():
        print(f"| {choice} | {packets / seconds:,.0f} | {found['flow'][0] / seconds:.2f} | {n / seconds:,.0f} |")


def by_packets(*, quick: bool) -> None:
    """Print flows a second at several packets a flow."""
    print(f"\n| packets a flow | {' | '.join(f'{choice}, flows/s' for choice in CHOICES)} |")
    print("|---" * (1 + len(CHOICES)) + "|")
    for packets in PACKETS:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "even.pcap"
            build_even_flows(target, 2_000 if quick else 60_000, packets)
            found = groups(str(target), 1 if quick else ROUNDS)
        print(f"| {packets} | {' | '.join(f'{n / seconds:,.0f}' for seconds, n in found.values())} |")


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
    by_packets(quick=quick)
    if "CLAN_TEST_DATA" in os.environ:
        real_traffic(quick=quick)


if __name__ == "__main__":
    main()
