"""A flood of random 5-tuples: does memory stay below the cap, and is everything that was thrown out counted?

    python benchmarks/speed/flood.py [--quick] [--packets N] [--max-flows N]

Packets are made in chunks while they are read, so no capture is stored. Each has random addresses, ports and protocol
(TCP SYN or UDP), 20 microseconds after the one before it: 50,000 new flows a second. The engine runs in a process of
its own, whose peak memory is compared with what it held before the flood and with the documented 0.8 kB a flow.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from clan.flows import FlowEngine, FlowSettings, Packets

CHUNK = 50_000
FRAME = 54
GAP_US = 20
CAP_BYTES_PER_FLOW = 800
"""What the documentation of `max_flows` says."""
BATCHES_BYTES = 256 << 20
"""Room for finished flows on their way out, and for what the libraries allocate once."""


def flood_chunk(rng: np.random.Generator, start_us: int, n: int) -> Packets:
    """Make Ethernet frames with random 5-tuples; `(n, 54)` bytes."""
    frames = np.zeros((n, FRAME), np.uint8)
    frames[:, 12], frames[:, 14], frames[:, 17], frames[:, 22] = 8, 0x45, 40, 64
    tcp = rng.random(n) < 0.5
    frames[:, 23] = np.where(tcp, 6, 17)
    frames[:, 26:38] = rng.integers(0, 256, (n, 12), np.uint8)
    frames[:, 26] = 10  # neither multicast nor loopback
    frames[tcp, 46], frames[tcp, 47] = 0x50, 0x02
    frames[~tcp, 39] = 20
    return Packets(
        buffer=frames.reshape(-1),
        offset=np.arange(n, dtype=np.int64) * FRAME,
        captured=np.full(n, FRAME, np.int64),
        length=np.full(n, FRAME, np.int64),
        ts=start_us + np.arange(n, dtype=np.int64) * GAP_US,
        link_type=np.ones(n, np.int64),
    )


def peak_bytes() -> int:
    """Peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def flood(n_packets: int, max_flows: int) -> dict[str, float]:
    """Run the flood; gives the figures."""
    warm = FlowEngine(FlowSettings(max_flows=16), source="warm")
    list(warm.feed(flood_chunk(np.random.default_rng(1), 0, 100)))
    list(warm.finish())
    before, rng, engine = (
        peak_bytes(),
        np.random.default_rng(0),
        FlowEngine(FlowSettings(max_flows=max_flows), source=""),
    )
    rows, seconds = 0, 0.0
    for first in range(0, n_packets, CHUNK):
        packets = flood_chunk(rng, first * GAP_US, min(CHUNK, n_packets - first))
        start = time.perf_counter()
        rows += sum(batch.height for batch in engine.feed(packets))
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    rows += sum(batch.height for batch in engine.finish())
    seconds += time.perf_counter() - start
    counts = engine.counts()
    return {
        "packets": counts["packets"], "flows": counts["flows"], "rows": rows, "evicted": counts["evicted_flows"],
        "seconds": seconds, "before": before, "peak": peak_bytes(),
        "cap": before + max_flows * CAP_BYTES_PER_FLOW + BATCHES_BYTES,
    }  # fmt: skip


def main() -> None:
    """Run in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="300,000 packets, 100,000 flows open at most")
    parser.add_argument("--packets", type=int, default=10_000_000)
    parser.add_argument("--max-flows", type=int, default=FlowSettings().max_flows)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.quick:
        given.packets, given.max_flows = 300_000, 100_000
    if given.inside:
        print(json.dumps(flood(given.packets, given.max_flows)))
        return
    options = ["--packets", str(given.packets), "--max-flows", str(given.max_flows)]
    done = subprocess.run(
        [sys.executable, __file__, "--inside", *options], check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(done.stdout)
    print("| packets | packets/s | flows | thrown out, counted | open at most | memory before, MB | peak MB | cap MB |")
    print("|---|---|---|---|---|---|---|---|")
    rate = found["packets"] / found["seconds"]
    memory = " | ".join(f"{found[name] / 1e6:,.0f}" for name in ("before", "peak", "cap"))
    print(
        f"| {found['packets']:,} | {rate:,.0f} | {found['flows']:,} | {found['evicted']:,} | {given.max_flows:,} "
        f"| {memory} |"
    )
    if found["rows"] != found["flows"] or found["peak"] > found["cap"]:
        sys.exit(f"a flow is missing, or memory is above the cap: {found}")


if __name__ == "__main__":
    main()
