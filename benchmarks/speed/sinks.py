"""Alerts a second through sinks: encodings, the file, the spool, receivers on loopback; beside a plain JSON writer.

    python benchmarks/speed/sinks.py [--alerts 20000] [--json FILE]

The rival is what a notebook would do: the same alert by `dataclasses.asdict` and `json.dumps` into a file, flushed line
by line, without schema, escapes, spool or rotation. Medians of five runs; CPU seconds beside wall-clock seconds, as a
busy machine tells them apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from clan.alerts import Alert, Reason, SinkSettings, open_sink
from clan.alerts.delivery import Record, Spool
from clan.alerts.sinks import encoding_names, encoding_of

RUNS = 5
BATCH = 500


def alerts(n: int) -> list[Alert]:
    """Different alerts with five reasons each, as detection gives them."""
    from datetime import UTC, datetime, timedelta

    rng = np.random.default_rng(0)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    names = ("fwd_pkt_cnt", "bwd_pkt_cnt", "flow_duration", "flag_SYN", "iat_mean")
    units = ("packets", "packets", "us", "packets", "us")
    values = rng.lognormal(5, 3, (n, 5)).round(3).tolist()
    return [
        Alert(
            timestamp=start + timedelta(milliseconds=i),
            ts_end=start + timedelta(milliseconds=i + 1500),
            uid=f"C{i:016d}",
            community_id=f"1:{i:027d}=",
            src_ip=f"10.0.{i % 250}.{i % 199}",
            src_port=1024 + i % 60000,
            dst_ip="192.0.2.7",
            dst_port=443,
            protocol=6,
            source="office.pcap",
            anomaly_score=0.5 + i / n / 2,
            p_value=(i + 1) / n * 0.01,
            threshold=0.5,
            alpha=0.01,
            model_id="0123456789ab",
            severity=1 + i % 4,
            reasons=tuple(
                Reason(
                    feature=name, value=value, unit=unit, benign_quantile=1.0, benign_low=1.0, benign_high=240.5,
                    distance=3.5,
                )
                for name, unit, value in zip(names, units, row, strict=True)
            ),
            packets_fwd=12,
            packets_bwd=9,
            payload_bytes_fwd=4000,
            payload_bytes_bwd=70000,
        )
        for i, row in enumerate(values)
    ]  # fmt: skip


def rate(work: Callable[[], None], n: int) -> dict[str, float]:
    """Median alerts a second, by the wall's clock and by CPU seconds."""
    wall, cpu = [], []
    for _ in range(RUNS):
        began, spent = time.perf_counter(), time.process_time()
        work()
        wall.append(n / (time.perf_counter() - began))
        cpu.append(n / max(time.process_time() - spent, 1e-9))
    return {"wall": statistics.median(wall), "cpu": statistics.median(cpu)}


def through(url: str, folder: Path, events: list[Alert]) -> Callable[[], None]:
    """Open a sink, emit everything in batches, close it."""

    def work() -> None:
        settings = SinkSettings.from_table({"url": url, "spool": str(folder / "spool"), "drain": "60s"})
        with open_sink(settings) as sink:
            for first in range(0, len(events), BATCH):
                sink.emit(*events[first : first + BATCH])
        count = sink.counters()
        if count["sent"] != len(events):
            raise SystemExit(f"{url}: {count}")

    return work


def plain(folder: Path, events: list[Alert]) -> Callable[[], None]:
    """The rival: a dictionary a line."""

    def work() -> None:
        with (folder / "plain.ndjson").open("w", buffering=1) as out:
            for event in events:
                out.write(json.dumps(msgspec.to_builtins(event)) + "\n")

    return work


def spooled(folder: Path, bodies: list[bytes]) -> Callable[[], None]:
    """The spool alone: append, read, acknowledge."""

    def work() -> None:
        spool = Spool(folder / "alone")
        for i, body in enumerate(bodies):
            spool.append(Record(str(i), body))
        while spool.read(500):
            spool.ack(spool.last_read)
        spool.close()

    return work


def encoded(form: str, events: list[Alert]) -> Callable[[], None]:
    """A format alone."""
    encoding = encoding_of(form)

    def work() -> None:
        for event in events:
            encoding.encode(event)

    return work


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=20_000)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    asked = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.alerts.sinks.transports.receivers import Hook, RedisServer, running

    events = alerts(asked.alerts)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found["plain JSON lines (rival)"] = rate(plain(folder, events), len(events))
        found["file, eve"] = rate(through(f"file:{folder}/a", folder, events), len(events))
        found["file, eve, by way of the spool"] = rate(
            through(f"file:{folder}/b?inline=no", folder, events), len(events)
        )
        eve = encoding_of("eve")
        found["spool alone"] = rate(spooled(folder, [eve.encode(e) for e in events]), len(events))
        for form in encoding_names():
            found[f"encode {form}"] = rate(encoded(form, events), len(events))
        with running(Hook()) as hook:
            url = f"webhook+http://127.0.0.1:{hook.port}/?signed=no&format=eve&batch=500"
            found["webhook, eve, 500 a request"] = rate(through(url, folder, events), len(events))
        with running(RedisServer(folder)) as server:
            url = f"redis://127.0.0.1:{server.port}/a?maxlen=1000"
            found["Redis stream, eve"] = rate(through(url, folder, events), len(events))
    rival = found["plain JSON lines (rival)"]
    print(
        f"{len(events):,} alerts with five reasons each, medians of {RUNS} runs; through sinks in batches of {BATCH}.\n"
    )
    print("| what | alerts/s | alerts per CPU second | CPU, times the rival |\n|---|---|---|---|")
    for label, figures in found.items():
        ratio = figures["cpu"] / rival["cpu"]
        print(f"| {label} | {figures['wall']:,.0f} | {figures['cpu']:,.0f} | {ratio:.2f} |")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
