"""Packets a second from a capture in the page cache to the finished flow table, beside other tools.

    CLAN_TEST_DATA=... python benchmarks/speed/packets.py [--quick] [--packets N] [--rounds N]

Every tool runs in a process of its own, pinned to one core, in turns, so that all see the same noise; medians over the
rounds are printed. clan computes all 75 columns of group `flow`, uid and community ID, in further rows also those of
group `conn` or `payload`; nfstream runs with its statistics on and
deep packet inspection off; dpkt only parses (Ethernet, IP, TCP or UDP headers, no flows), which is the floor for
anything written in Python; cicflowmeter (0.4 or newer, which wants Python 3.12; `--cicflowmeter` names an interpreter
that has it) makes flows of the first packets.

Three mixes: `many open`, benign captures laid over each other; `few open`, the same captures one after the other, so
that the flows under way stay in the cache; and `tiny flows`, of one packet each, where all time goes into flows.
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
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

PARSE_PACKETS = 200_000
"""dpkt is measured on this many packets from the front; it would take minutes otherwise."""
CICFLOWMETER_PACKETS = 4_000
"""The same for cicflowmeter, which handles some hundred packets a second."""


def run_clan(path: str, features: Sequence[str] = ("flow",)) -> tuple[int, int]:
    """Read the capture; gives packets and flows."""
    from clan.flows import profile
    from clan.sources.packets import PacketSource

    source = PacketSource([path], profile("default"), features=features)
    flows = sum(batch.height for batch in source.batches())
    return source.counts()["packets"], flows


def open_flows(path: str) -> tuple[int, int]:
    """Give the mean and the largest number of flows under way."""
    from clan.flows import FlowEngine, profile
    from clan.sources.packets import PacketReader
    from clan.sources.packets.bytestream import ByteStream

    engine, seen = FlowEngine(profile("default"), source=path), []
    for packets in PacketReader(ByteStream(path)).chunks():
        for _ in engine.feed(packets):
            pass
        seen.append(engine.open_flows)
    return int(statistics.mean(seen)), max(seen)


def copy_bandwidth() -> float:
    """Measure what one core copies in memory: bytes a second read (as many are written), the best of some rounds."""
    import numpy as np

    source = np.ones(1 << 28, np.uint8)
    target = np.empty_like(source)
    best = 0.0
    for _ in range(6):
        start = time.perf_counter()
        np.copyto(target, source)
        best = max(best, source.size / (time.perf_counter() - start))
    return best


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


def run_cicflowmeter(path: str) -> tuple[int, int]:
    """Read the first packets with the Python cicflowmeter."""
    from cicflowmeter.sniffer import create_sniffer

    with tempfile.TemporaryDirectory() as folder:
        head, table = Path(folder, "head.pcap"), Path(folder, "flows.csv")
        _first_packets(Path(path), head, CICFLOWMETER_PACKETS)
        sniffer, session = create_sniffer(str(head), None, "csv", str(table))
        sniffer.start()
        sniffer.join()
        session.flush_flows()
        return CICFLOWMETER_PACKETS, max(len(table.read_text().splitlines()) - 1, 0)


def _first_packets(source: Path, target: Path, n: int) -> None:
    """Copy the first packets of a little-endian pcap file."""
    with source.open("rb") as file, target.open("wb") as out:
        out.write(file.read(24))
        for _ in range(n):
            header = file.read(16)
            out.write(header + file.read(int.from_bytes(header[8:12], "little")))


TOOLS: dict[str, Callable[[str], tuple[int, int]]] = {
    "clan": run_clan,
    "clan flow,conn": partial(run_clan, features=("flow", "conn")),
    "clan flow,payload": partial(run_clan, features=("flow", "payload")),
    "nfstream": run_nfstream,
    "dpkt (parsing only)": run_dpkt,
    "cicflowmeter": run_cicflowmeter,
}


def measure(tool: str, path: str) -> None:
    """Run one tool in this process, once to warm up where that matters, and print its figures as JSON."""
    if tool.startswith("clan"):
        TOOLS[tool](path)  # compiled code is loaded, memory is touched: what a second capture would see
    start = time.perf_counter()
    packets, flows = TOOLS[tool](path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"packets": packets, "flows": flows, "seconds": seconds, "peak_mb": peak / 1024}))


def child(tool: str, path: str, python: str = sys.executable) -> dict[str, float]:
    """Measure a tool in a process of its own on one core."""
    core = max(os.sched_getaffinity(0))
    command = [python, __file__, "--tool", tool, "--capture", path]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def describe(name: str, path: Path, mix: dict[str, float]) -> None:
    """Say what a capture is made of."""
    average, most = open_flows(str(path))
    print(
        f"- {name}: {mix['packets']:,.0f} packets, {mix['bytes'] / 1e6:,.0f} MB, mean captured frame "
        f"{mix['mean_frame']:.0f} bytes, {average:,} flows under way on average, {most:,} at most",
        flush=True,
    )


def row(label: str, runs: list[dict[str, float]], mean_record: float, reference: float) -> str:
    """Write a line of the table: medians, the spread, and how much faster clan is."""
    rates = [r["packets"] / r["seconds"] for r in runs]
    rate, flows = statistics.median(rates), statistics.median(r["flows"] / r["seconds"] for r in runs)
    return (
        f"| {label} | {rate:,.0f} | {min(rates):,.0f} to {max(rates):,.0f} | {flows:,.0f} | "
        f"{rate * mean_record / 1e6:,.0f} | {max(r['peak_mb'] for r in runs):,.0f} | {reference / rate:.1f} |"
    )


def rivals(cicflowmeter: str | None) -> dict[str, str]:
    """Give the tools that are installed, each with its interpreter, ours first; say which are not."""
    pythons = {tool: sys.executable for tool in TOOLS if find_spec(tool.split()[0])}
    if cicflowmeter:
        pythons["cicflowmeter"] = cicflowmeter
    elif not _is_new(pythons.pop("cicflowmeter", None)):
        print("cicflowmeter 0.4 or newer is not installed here; --cicflowmeter names a Python that has it")
    for tool in set(TOOLS) - set(pythons) - {"cicflowmeter"}:
        print(f"{tool} is not installed (pip install '.[bench]'), so it is not compared", file=sys.stderr)
    return pythons


def compare(paths: dict[str, Path], mixes: dict[str, dict[str, float]], rounds: int, pythons: dict[str, str]) -> None:
    """Run all tools in turns and print the table."""
    many, *others = paths
    jobs = [(many, tool) for tool in pythons] + [(mix, "clan") for mix in others]
    results: dict[tuple[str, str], list[dict[str, float]]] = {job: [] for job in jobs}
    bandwidths = []
    for _ in range(rounds):
        for mix, tool in jobs:
            results[mix, tool].append(child(tool, str(paths[mix]), pythons[tool]))
        bandwidths.append(copy_bandwidth())
    print(f"\n| tool, mix | packets/s | {rounds} rounds | flows/s | MB/s | peak MB | clan, {many}, is faster by |")
    print("|---|---|---|---|---|---|---|")
    reference = statistics.median(r["packets"] / r["seconds"] for r in results[many, "clan"])
    for (mix, tool), runs in results.items():
        print(row(f"{tool}, {mix}", runs, mixes[mix]["bytes"] / mixes[mix]["packets"], reference))
    read = reference * mixes[many]["bytes"] / mixes[many]["packets"]
    share = read / statistics.median(bandwidths)
    print(
        f"\nOne core copies {statistics.median(bandwidths) / 1e9:.1f} GB/s in memory; clan takes captured bytes in at "
        f"{share:.0%} of that on `{many}`."
    )


def _is_new(python: str | None) -> bool:
    """Tell whether this Python has a cicflowmeter that can be driven."""
    return python is not None and sys.version_info >= (3, 12)


def main() -> None:
    """Build the captures and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small captures, one round")
    parser.add_argument("--packets", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help="clan alone, without the other tools")
    parser.add_argument("--cicflowmeter", metavar="PYTHON", help="an interpreter that has cicflowmeter 0.4 or newer")
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    parser.add_argument("--capture", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.tool:
        measure(arguments.tool, arguments.capture)
        return
    data = os.environ.get("CLAN_TEST_DATA")
    if not data:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark builds its captures from those there")
    from benchmarks.speed.capture import build_capture, build_tiny_flows  # needs clan, which a rival's Python has not

    n = 200_000 if arguments.quick else arguments.packets
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder, f"{name}.pcap") for name in ("many open", "few open", "tiny flows")}
        mixes = {
            "many open": build_capture(Path(data), paths["many open"], n),
            "few open": build_capture(Path(data), paths["few open"], n // 2, spaced=True),
            "tiny flows": build_tiny_flows(paths["tiny flows"], n // 4),
        }
        for name, path in paths.items():
            describe(name, path, mixes[name])
        ours = {tool: sys.executable for tool in TOOLS if tool.startswith("clan")}
        pythons = ours if arguments.ours else rivals(arguments.cicflowmeter)
        compare(paths, mixes, 1 if arguments.quick else arguments.rounds, pythons)


if __name__ == "__main__":
    main()
