"""Alerts a second through triage, the store and the file of EVE lines together, and what the parts cost.

    python benchmarks/speed/store.py [--quick]

Alerts with five reasons each, in batches of 1,000, of 2,000 hosts; one process, medians of several runs in mixed order,
by processor time (which waiting for the disk is not in) and by the wall clock (which a busy machine is in). The rivals
do the least that anybody would write: `json.dump` of the record to a file with a flush each, and an INSERT of it into
SQLite with a commit each (autocommit) or one commit a batch.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from clan.alerts import Alert, IncidentTracker, Reason, Triage, WatchedSuppressions, suppression
from clan.alerts.sinks import DirectSink, encoding_of
from clan.alerts.sinks.transports.file import FileTransport, Options
from clan.alerts.store import FeatureRows, Retention, Store

BATCH = 1_000
START = datetime(2024, 1, 1, tzinfo=UTC)


def make_alerts(n: int) -> list[Alert]:
    """Make n alerts of 2,000 hosts, a tenth of a second apart."""
    made = []
    for i in range(n):
        reasons = tuple(
            Reason(
                feature=f"feature_{j}", value=1234.5 * (j + 1) + i, unit="bytes", benign_quantile=1.0, benign_low=1.0,
                benign_high=99.0 + j, distance=3.0,
            )
            for j in range(5)
        )  # fmt: skip
        when = START + timedelta(seconds=i / 10)
        made.append(
            Alert(
                timestamp=when, ts_end=when, uid=f"C{i:018d}", community_id="1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
                src_ip=f"10.0.{i * 7 % 2000 >> 8}.{i * 7 % 2000 & 255}", src_port=40_000 + i % 20_000,
                dst_ip=f"192.0.2.{i % 50}", dst_port=443, protocol=6, source="eth0", anomaly_score=1.5, p_value=0.001,
                threshold=1.0, alpha=0.01, model_id="0123456789ab", severity=2, reasons=reasons,
            )
        )  # fmt: skip
    return made


def batches(alerts: list[Alert]) -> list[list[Alert]]:
    """Cut alerts as a live capture would."""
    return [alerts[i : i + BATCH] for i in range(0, len(alerts), BATCH)]


def file_sink(folder: Path) -> DirectSink:
    """Open the file that `clan detect -o` writes."""
    return DirectSink(
        encoding_of("eve"), FileTransport(str(folder / "alerts.ndjson"), Options(append=False, min_free=0))
    )


def everything(alerts: list[Alert], folder: Path) -> None:
    """Suppression, incidents, store and file, as `clan detect --store` has them."""
    names = tuple(f"feature_{i}" for i in range(75))
    values = np.random.default_rng(0).lognormal(5, 3, (BATCH, 75))
    with Store(folder / "clan.db", create=True, retention=Retention()) as store, file_sink(folder) as file:
        store.suppression_table.add(suppression(src="203.0.113.0/24", either=True))
        triage = Triage(incidents=IncidentTracker(), suppressions=WatchedSuppressions(store=store), store=store)
        for batch in batches(alerts):
            file.emit(*triage.handle(batch, FeatureRows(names=names, values=values[: len(batch)])))
        triage.close()
        assert store.count_alerts() == len(alerts)


def store_and_file(alerts: list[Alert], folder: Path) -> None:
    """The store and the file."""
    with Store(folder / "clan.db", create=True) as store, file_sink(folder) as file:
        for batch in batches(alerts):
            store.write(batch)
            file.emit(*batch)


def store_only(alerts: list[Alert], folder: Path) -> None:
    """The store."""
    with Store(folder / "clan.db", create=True) as store:
        for batch in batches(alerts):
            store.write(batch)


def file_only(alerts: list[Alert], folder: Path) -> None:
    """The file of EVE lines."""
    with file_sink(folder) as file:
        for batch in batches(alerts):
            file.emit(*batch)


def incidents_only(alerts: list[Alert], _: Path) -> None:
    """Grouping into incidents, in memory."""
    tracker = IncidentTracker()
    for alert in alerts:
        tracker.add(alert)


def plain_json(alerts: list[Alert], folder: Path) -> None:
    """Rival: json.dump and a flush each."""
    with (folder / "plain.json").open("w", encoding="utf-8") as file:
        for alert in alerts:
            json.dump(msgspec.to_builtins(alert), file)
            file.write("\n")
            file.flush()


def plain_sqlite(alerts: list[Alert], folder: Path, *, each: bool) -> None:
    """Rival: an INSERT of the JSON text into SQLite as it comes out of the box."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("CREATE TABLE alert (id INTEGER PRIMARY KEY, time REAL, src TEXT, dst TEXT, body TEXT)")
    for batch in batches(alerts):
        if not each:
            connection.execute("BEGIN")
        for alert in batch:
            row = (alert.when.timestamp() if alert.when else None, alert.src_ip, alert.dst_ip)
            body = json.dumps(msgspec.to_builtins(alert))
            connection.execute("INSERT INTO alert (time, src, dst, body) VALUES (?, ?, ?, ?)", (*row, body))
        if not each:
            connection.execute("COMMIT")
    connection.close()


WAYS: dict[str, tuple[Callable[[list[Alert], Path], None], float]] = {
    "the store and the file": (store_and_file, 1.0),
    "the same with suppression, incidents and 75 features": (everything, 1.0),
    "the store alone": (store_only, 1.0),
    "the file alone": (file_only, 1.0),
    "incidents alone": (incidents_only, 1.0),
    "rival: `json.dump`, a flush each": (plain_json, 1.0),
    "rival: SQLite, one commit a batch": (lambda alerts, folder: plain_sqlite(alerts, folder, each=False), 1.0),
    "rival: SQLite, autocommit": (lambda alerts, folder: plain_sqlite(alerts, folder, each=True), 0.05),
}
"""Title, what is measured, and on which share of the alerts."""


def measure(way: Callable[[list[Alert], Path], None], alerts: list[Alert]) -> tuple[float, float]:
    """Give alerts a second, by processor time and by the wall clock."""
    folder = Path(tempfile.mkdtemp(prefix="clan-store-"))
    try:
        started, began = time.perf_counter(), time.process_time()
        way(alerts, folder)
        return len(alerts) / (time.process_time() - began), len(alerts) / (time.perf_counter() - started)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few alerts: does it run")
    quick = parser.parse_args().quick
    alerts = make_alerts(2_000 if quick else 8_000)
    rates: dict[str, list[tuple[float, float]]] = {title: [] for title in WAYS}
    for _ in range(1 if quick else 3):
        for title in random.sample(list(WAYS), len(WAYS)):
            way, share = WAYS[title]
            rates[title].append(measure(way, alerts[: int(len(alerts) * share)]))
    print("| what | alerts/s, processor time | slowest to fastest run | alerts/s, wall clock |\n|---|---|---|---|")
    for title, found in rates.items():
        processor, wall = ([rate[i] for rate in found] for i in (0, 1))
        print(
            f"| {title} | {statistics.median(processor):,.0f} | {min(processor):,.0f} to {max(processor):,.0f} "
            f"| {statistics.median(wall):,.0f} |"
        )


if __name__ == "__main__":
    main()
