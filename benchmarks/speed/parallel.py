"""Several captures in parallel processes: packets a second for 1 to as many workers as there are cores.

    python benchmarks/speed/parallel.py [--quick] [--packets N]

A capture of small flows is built once and read under as many names as there are cores, so that the work divides
evenly; reading includes the start of the processes and the hand-over of every flow.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.speed.flood import FRAME, flood_chunk

from clan.sources import FlowReader

PER_FLOW = 20
"""Packets of each flow."""


def write_capture(path: Path, n_packets: int) -> None:
    """Write a pcap whose packets are those of random flows, `PER_FLOW` of each."""
    rng, n = np.random.default_rng(0), 50_000
    with path.open("wb") as out:
        out.write(np.array([0xA1B2C3D4, 0x00040002, 0, 0, 262144, 1], "<u4").tobytes())
        for first in range(0, n_packets, n):
            packets = flood_chunk(rng, first * 20, n // PER_FLOW)
            records = np.zeros((n, 16 + FRAME), np.uint8)
            when = 1_600_000_000_000_000 + (first + np.arange(n)) * 20
            header = np.stack([when // 1_000_000, when % 1_000_000, np.full(n, FRAME), np.full(n, FRAME)], axis=1)
            records[:, :16] = header.astype("<u4").view(np.uint8).reshape(n, 16)
            records[:, 16:] = np.tile(packets.buffer.reshape(-1, FRAME), (PER_FLOW, 1))
            out.write(records.tobytes())


def main() -> None:
    """Build, read, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small capture")
    parser.add_argument("--packets", type=int, default=25_000_000, help="in each of the captures")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "0.pcap")
        write_capture(first, 200_000 if given.quick else given.packets)
        paths = [str(first)]
        for i in range(1, cores):
            Path(folder, f"{i}.pcap").hardlink_to(first)
            paths.append(str(Path(folder, f"{i}.pcap")))
        list(FlowReader(paths[:1], workers=1).batches())  # compiled, and in the page cache
        print("| workers | packets/s | flows/s | times one worker |\n|---|---|---|---|")
        alone = 0.0
        for workers in range(1, cores + 1):
            start, reader = time.perf_counter(), FlowReader(paths, workers=workers)
            flows = sum(batch.height for batch in reader.batches())
            seconds = time.perf_counter() - start
            rate = reader.report.counts["packets"] / seconds
            alone = alone or rate
            print(f"| {workers} | {rate:,.0f} | {flows / seconds:,.0f} | {rate / alone:.2f} |")


if __name__ == "__main__":
    main()
