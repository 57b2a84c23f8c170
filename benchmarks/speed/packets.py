"""Packets a second from a capture in the page cache to the finished flow table, beside other tools.

    CLAN_TEST_DATA=... python benchmarks/speed/packets.py [--quick] [--packets N] [--rounds N]

Every tool runs in a process of its own, pinned to one core, in turns, so that all see the same noise; medians over the
rounds are printed. clan computes all 75 columns, uid and community ID; nfstream runs with its statistics on and
deep packet inspection off; dpkt only parses (Ethernet, IP, TCP or UDP headers, no flows), which is the floor for
anything written in Python.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.speed.capture import build_capture

PARSE_PACKETS = 200_000
"""dpkt is measured on this many packets from the front; it would take minutes otherwise."""


def run_clan(path: str, profile_name: str = "default") -> tuple[int, int]:
    """Read the capture; gives packets and flows."""
    from clan.flows import profile
    from clan.sources.packets import PacketSource

    source = PacketSource([path], profile(profile_name))
    flows = sum(batch.height for batch in source.batches())
    return source.counts()["packets"], flows


def run_nfstream(path: str) -> tuple[int, int]:
    """Read the capture with nfstream, one meter, statistics on."""
    from nfstream import NFStreamer

    packets = flows = 0
    for flow in NFStreamer(source=path, statistical_analysis=True, n_dissections=0, n_meters=1, idle_timeout=120):
        packets += flow.bidirectional_packets
        flows += 1
    return packets, flows


def run_dpkt(path: str) -> tuple[int, int]:
    """Parse the first packets with dpkt."""
    import dpkt

    packets = 0
    with Path(path).open("rb") as file:
        for _, data in dpkt.pcap.Reader(file):
            dpkt.ethernet.Ethernet(data)
            packets += 1
            if packets == PARSE_PACKETS:
                break
    return packets, 0


TOOLS: dict[str, Callable[[str], tuple[int, int]]] = {
    "clan": run_clan,
    "nfstream": run_nfstream,
    "dpkt (parsing only)": run_dpkt,
}


def measure(tool: str, path: str) -> None:
    """Run one tool in this process, once to warm up where that matters, and print its figures as JSON."""
    if tool == "clan":
        run_clan(path)  # compiled code is loaded, memory is touched: what a second capture would see
    start = time.perf_counter()
    packets, flows = TOOLS[tool](path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"packets": packets, "flows": flows, "seconds": seconds, "peak_mb": peak / 1024}))


def child(tool: str, path: str) -> dict[str, float]:
    """Measure a tool in a process of its own on one core."""
    core = max(os.sched_getaffinity(0))
    command = [sys.executable, __file__, "--tool", tool, "--capture", path]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(path: Path, mix: dict[str, float], rounds: int) -> None:
    """Run all tools in turns and print the table."""
    n_bytes = mix["bytes"]
    print(
        f"capture: {mix['packets']:,.0f} packets, {n_bytes / 1e6:,.0f} MB, mean captured frame {mix['mean_frame']:.0f} "
        f"bytes, {mix['copies']:.0f} copies of the merged benign captures\n"
    )
    present = [tool for tool in TOOLS if find_spec(tool.split()[0])]
    for tool in set(TOOLS) - set(present):
        print(f"{tool} is not installed (pip install '.[bench]'), so it is not compared", file=sys.stderr)
    results: dict[str, list[dict[str, float]]] = {tool: [] for tool in present}
    for _ in range(rounds):
        for tool in present:
            results[tool].append(child(tool, str(path)))
    reference = statistics.median(r["packets"] / r["seconds"] for r in results["clan"])
    print(f"| tool | packets/s | flows/s | MB/s | peak MB | clan is faster by | rounds: {rounds} |")
    print("|---|---|---|---|---|---|---|")
    for tool, runs in results.items():
        rate = statistics.median(r["packets"] / r["seconds"] for r in runs)
        flows = statistics.median(r["flows"] / r["seconds"] for r in runs)
        peak = max(r["peak_mb"] for r in runs)
        spread = f"{min(r['packets'] / r['seconds'] for r in runs):,.0f} to "
        spread += f"{max(r['packets'] / r['seconds'] for r in runs):,.0f}"
        rate_mb = rate * n_bytes / mix["packets"] / 1e6
        times = f"{reference / rate:.1f}"
        print(f"| {tool} | {rate:,.0f} | {flows:,.0f} | {rate_mb:,.0f} | {peak:,.0f} | {times} | {spread} |")


def main() -> None:
    """Build the capture and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small capture, one round")
    parser.add_argument("--packets", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    parser.add_argument("--capture", help="use this capture instead of building one")
    arguments = parser.parse_args()
    if arguments.tool:
        measure(arguments.tool, arguments.capture)
        return
    data = os.environ.get("CLAN_TEST_DATA")
    if not data:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark builds its capture from the captures there")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "big.pcap")
        mix = build_capture(Path(data), path, 200_000 if arguments.quick else arguments.packets)
        compare(path, mix, 1 if arguments.quick else arguments.rounds)


if __name__ == "__main__":
    main()
