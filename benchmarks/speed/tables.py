"""Tables of flows: records a second from CSV, Parquet and NetFlow datagrams on one core, with the memory that it takes.

    python benchmarks/speed/tables.py [--quick] [--records N]

The CSV has the columns of nfstream's basic records; it is read to group conn. pandas reads the same CSV in chunks, as a
script would do, and makes no flows of it. The datagrams are NetFlow v9 of 30 records, decoded and joined as
if 10,000 records came every second. Each row is a process of its own, bound to one core.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ.setdefault("POLARS_MAX_THREADS", "1")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def write_tables(folder: Path, n: int) -> None:
    """Write the same flows as CSV and as Parquet, in pieces."""
    import polars as pl

    piece, rng = 50_000, np.random.default_rng(0)
    with (folder / "flows.csv").open("wb") as out:
        for first in range(0, n, piece):
            m = min(piece, n - first)
            start = 1_700_000_000_000 + first + np.arange(m)
            lasted, packets = rng.integers(0, 60_000, m), rng.integers(1, 200, (2, m))
            frame = pl.DataFrame(
                {
                    "id": first + np.arange(m),
                    "src_ip": [f"10.{a}.{b}.7" for a, b in rng.integers(0, 256, (m, 2)).tolist()],
                    "src_port": rng.integers(1024, 65536, m),
                    "dst_ip": ["192.0.2.9"] * m,
                    "dst_port": rng.choice([53, 80, 443], m),
                    "protocol": rng.choice([6, 17], m),
                    "bidirectional_first_seen_ms": start,
                    "bidirectional_last_seen_ms": start + lasted,
                    "bidirectional_duration_ms": lasted,
                    "bidirectional_packets": packets.sum(axis=0),
                    "src2dst_packets": packets[0],
                    "src2dst_bytes": packets[0] * rng.integers(40, 1500, m),
                    "dst2src_packets": packets[1],
                    "dst2src_bytes": packets[1] * rng.integers(40, 1500, m),
                }
            )
            out.write(frame.write_csv(include_header=first == 0).encode())
    pl.scan_csv(folder / "flows.csv").sink_parquet(folder / "flows.parquet")


def read_with_clan(path: Path, features: str) -> int:
    """Count the flows of a table."""
    from clan.sources import FlowReader

    return sum(batch.height for batch in FlowReader([str(path)], features=[features], workers=1).batches())


def read_with_pandas(path: Path) -> int:
    """Count the rows of a CSV, read in chunks."""
    import pandas as pd

    return sum(len(chunk) for chunk in pd.read_csv(path, chunksize=100_000))


def datagram_job(n: int) -> Callable[[], int]:
    """Prepare datagrams; gives what hands them in one after the other and counts their records."""
    from tests.sources.netflow.export import EXPORTED_S, UPTIME_MS, V4_FIELDS, record_set, template, v4_record, v9

    from clan.flows import warm_up_identity
    from clan.sources.netflow.exporter import Exporter
    from clan.sources.netflow.join import warm_up_joining

    warm_up_identity()
    warm_up_joining()
    exporter = Exporter("192.0.2.1")
    exporter.feed(v9(template(256, V4_FIELDS)))
    rng = np.random.default_rng(0)
    hosts = rng.integers(1, 255, (2000, 30, 3)).tolist()
    made = [[v4_record(f"10.0.{a}.{b}", ports=(1024 + 200 * p, 443)) for a, b, p in records] for records in hosts]
    records = np.frombuffer(b"".join(b"".join(each) for each in made), np.uint8).reshape(2000, 30, -1).copy()

    def hand_in() -> int:
        given, sequence = 0, 1
        while given < n:
            records[:, :, 1] = given // 60_000 % 256  # other hosts in every round
            now = UPTIME_MS + (given + 30 * np.arange(1, 2001)) // 10  # ms since the exporter started
            last = now[:, None] - rng.integers(0, 1000, (2000, 30))
            times = np.stack([last - rng.integers(0, 60_000, (2000, 30)), last], axis=2)
            records[:, :, 22:30] = times.astype(">u4").view(np.uint8).reshape(2000, 30, 8)
            for each, uptime in zip(records, now.tolist(), strict=True):
                clock = {"uptime": uptime, "exported": EXPORTED_S + (uptime - UPTIME_MS) // 1000}
                exporter.feed(v9(record_set(256, each.tobytes()), sequence=sequence, **clock))
                sequence += 1
                given += 30
                if given % 10_000 < 30:  # about every second
                    for _ in exporter.flows(given * 100):
                        pass
        for _ in exporter.finish():
            pass
        return given

    return hand_in


def measure(job: str, path: Path, n: int) -> None:
    """Run one job and print its row."""
    jobs: dict[str, Callable[[], int]] = {
        "clan, CSV": lambda: read_with_clan(path / "flows.csv", "conn"),
        "clan, Parquet": lambda: read_with_clan(path / "flows.parquet", "conn"),
        "clan, Parquet, group table": lambda: read_with_clan(path / "flows.parquet", "table"),
        "pandas.read_csv in chunks": lambda: read_with_pandas(path / "flows.csv"),
    }
    if job == "clan, NetFlow v9":
        jobs[job] = datagram_job(n)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if job.startswith("clan"):
        import clan.sources  # noqa: F401 - loading is no reading
    start = time.process_time()  # of this process alone, whatever else the machine does
    records = jobs[job]()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {job} | {records:,} | {records / seconds:,.0f} | {peak:,.0f} |", flush=True)


def main() -> None:
    """Build, read in processes of their own, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few records")
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    n = 100_000 if given.quick else given.records
    if given.job:
        measure(given.job, given.folder, n)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder), n)
        print("| reader | records | records/s | peak memory, MiB |\n|---|---|---|---|", flush=True)
        for job in (
            "clan, CSV", "clan, Parquet", "clan, Parquet, group table", "clan, NetFlow v9", "pandas.read_csv in chunks",
        ):  # fmt: skip
            command = [sys.executable, __file__, "--job", job, "--folder", folder, "--records", str(n)]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"})


if __name__ == "__main__":
    main()
