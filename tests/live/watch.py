"""Capture live through the Python interface until SIGINT: `watch.py TOOL OUT`, one line on stdout for each batch."""

from __future__ import annotations

import signal
import sys

import polars as pl

from clan.flows import FlowSettings
from clan.sources import LiveReader, empty_flows

SETTINGS = FlowSettings(
    tcp_idle_timeout_s=4, udp_idle_timeout_s=3, other_idle_timeout_s=3, tcp_closed_timeout_s=1, max_flows=100_000
)
"""Short timeouts, so that a test sees flows end by the clock."""


def main() -> None:
    reader = LiveReader(["eth0"], settings=SETTINGS, tool=sys.argv[1])
    signal.signal(signal.SIGINT, lambda *_: reader.stop())
    batches = [empty_flows()]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for batch in reader.batches():
        batches.append(batch)
        sys.stdout.write(f"{batch.height}\n")
        sys.stdout.flush()
    pl.concat(batches).write_parquet(sys.argv[2])
    counts = reader.report.counts
    sys.stdout.write(f"packets {counts['packets']} dropped {counts['kernel_dropped_packets']}\n")


if __name__ == "__main__":
    main()
