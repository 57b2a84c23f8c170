"""Memory of `clan detect` on flow records: the most that it holds for a log, and for one eight times as long.

    python benchmarks/speed/memory.py [--quick] [--records N]

The same flows as Zeek JSON, EVE, CSV and Parquet. A model is trained on the shorter log; then each is scored by a
process of its own, alerts to a file. The rival is what a script does, polars reading the whole file, and does no more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

TIMES = 8
_PIECE = 50_000


def flows(first: int, n: int) -> pl.DataFrame:
    """Make n flows of 300 clients and 40 servers, a hundredth of a second apart."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(first)
    packets = rng.integers(1, 60, (2, n))
    sizes = packets * rng.integers(60, 1400, (2, n))
    client, server = rng.integers(0, 300, n), rng.integers(0, 40, n)
    return pl.DataFrame(
        {
            "number": first + np.arange(n),
            "start": 1_700_000_000 + (first + np.arange(n)) / 100,
            "seconds": rng.exponential(5, n).round(6),
            "client": [f"10.0.{c // 200}.{c % 200 + 1}" for c in client.tolist()],
            "server": [f"192.0.2.{s + 1}" for s in server.tolist()],
            "port": rng.integers(1024, 65536, n),
            "service": np.array([443, 80, 22])[server % 3],
            "packets": packets[0],
            "packets_back": packets[1],
            "bytes": sizes[0],
            "bytes_back": sizes[1],
        }
    )


def as_zeek(frame: pl.DataFrame) -> pl.DataFrame:
    """Name them as Zeek does."""
    import polars as pl

    return frame.select(
        ts="start",
        uid=pl.format("C{}", "number"),
        **{"id.orig_h": "client", "id.orig_p": "port", "id.resp_h": "server", "id.resp_p": "service"},
        proto=pl.lit("tcp"),
        duration="seconds",
        orig_bytes=pl.col("bytes") - 40 * pl.col("packets"),
        resp_bytes=pl.col("bytes_back") - 40 * pl.col("packets_back"),
        conn_state=pl.lit("SF"),
        missed_bytes=pl.lit(0),
        history=pl.lit("ShADadFf"),
        orig_pkts="packets",
        orig_ip_bytes="bytes",
        resp_pkts="packets_back",
        resp_ip_bytes="bytes_back",
    )


def as_eve(frame: pl.DataFrame) -> pl.DataFrame:
    """Name them as Suricata does."""
    import polars as pl

    start = pl.from_epoch((pl.col("start") * 1e6).cast(pl.Int64), "us")
    end = start + pl.duration(microseconds=pl.col("seconds") * 1e6)
    first, last = (time.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+0000") for time in (start, end))
    return frame.select(
        timestamp=last,
        flow_id="number",
        event_type=pl.lit("flow"),
        src_ip="client",
        src_port="port",
        dest_ip="server",
        dest_port="service",
        proto=pl.lit("TCP"),
        flow=pl.struct(
            pkts_toserver="packets",
            pkts_toclient="packets_back",
            bytes_toserver="bytes",
            bytes_toclient="bytes_back",
            start=first,
            end=last,
            alerted=pl.lit(value=False),
        ),
        tcp=pl.struct(tcp_flags_ts=pl.lit("1b"), tcp_flags_tc=pl.lit("1b")),
    )


def as_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Name them as nfstream does."""
    import polars as pl

    start = (pl.col("start") * 1000).cast(pl.Int64)
    lasted = (pl.col("seconds") * 1000).cast(pl.Int64)
    return frame.select(
        id="number",
        src_ip="client",
        src_port="port",
        dst_ip="server",
        dst_port="service",
        protocol=pl.lit(6),
        bidirectional_first_seen_ms=start,
        bidirectional_last_seen_ms=start + lasted,
        bidirectional_duration_ms=lasted,
        bidirectional_packets=pl.col("packets") + pl.col("packets_back"),
        src2dst_packets="packets",
        src2dst_bytes="bytes",
        dst2src_packets="packets_back",
        dst2src_bytes="bytes_back",
    )


FORMATS: dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "Zeek conn.log (JSON)": ("conn.log", as_zeek),
    "Suricata eve.json": ("eve.json", as_eve),
    "CSV": ("flows.csv", as_table),
    "Parquet": ("flows.parquet", as_table),
}


def write(path: Path, name: Callable[[pl.DataFrame], pl.DataFrame], n: int) -> None:
    """Write n flows to a file of the format that its ending says."""
    import polars as pl

    pieces = (name(flows(first, min(_PIECE, n - first))) for first in range(0, n, _PIECE))
    if path.suffix == ".parquet":
        write(path.with_suffix(".csv"), name, n)
        pl.scan_csv(path.with_suffix(".csv")).sink_parquet(path)
        path.with_suffix(".csv").unlink()
        return
    with path.open("wb") as out:
        for i, piece in enumerate(pieces):
            if path.suffix == ".csv":
                piece.write_csv(out, include_header=i == 0)
            else:
                piece.write_ndjson(out)


def read_whole(path: str) -> None:
    """Be the rival."""
    import polars as pl

    readers: dict[str, Callable[[str], pl.DataFrame]] = {".csv": pl.read_csv, ".parquet": pl.read_parquet}
    readers.get(Path(path).suffix, pl.read_ndjson)(path)


def run_here(what: str, arguments: list[str]) -> None:
    """Be the process that is measured; prints its peak in MiB."""
    if what == "clan":
        from clan.cli import main as clan

        sys.argv = ["clan", *arguments]
        try:
            clan()
        except SystemExit as end:
            if end.code:
                raise
    elif what == "rival":
        read_whole(arguments[0])
    else:
        path, form, n = arguments
        write(Path(path), FORMATS[form][1], int(n))
    # not getrusage: its peak is that of the process that started this one, too
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) // 1024)


def measure(what: str, *arguments: str) -> int:
    """Run in a process of its own; gives its peak in MiB."""
    command = [sys.executable, __file__, "--run", what, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def main() -> None:
    """Build, score, print."""
    if sys.argv[1:2] == ["--run"]:
        run_here(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few records: only to see that it runs")
    parser.add_argument("--records", type=int, default=150_000)
    given = parser.parse_args()
    n = 5_000 if given.quick else given.records
    print(f"| format | clan detect, {n:,} records | {TIMES * n:,} | polars, whole file, {n:,} | {TIMES * n:,} |")
    print("|---|---|---|---|---|", flush=True)
    for form, (name, _) in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            model, log = str(Path(folder, "model.clan")), str(Path(folder, name))
            measure("write", log, form, str(n))
            measure("clan", "train", "-r", log, "-o", model, "--max-rows", "5000", "--quiet")
            rows: dict[str, list[int]] = {"clan": [], "rival": []}
            for size in (n, TIMES * n):
                measure("write", log, form, str(size))
                rows["clan"].append(
                    measure("clan", "detect", "-m", model, "-r", log, "-o", str(Path(folder, "alerts")), "--quiet")
                )
                rows["rival"].append(measure("rival", log))
            print(f"| {form} | {' | '.join(f'{m:,} MiB' for m in (*rows['clan'], *rows['rival']))} |", flush=True)


if __name__ == "__main__":
    main()
