"""The same packets give the same flows, bit for bit: whatever the chunk, the wrapping, the run and the hash secret."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from tests.flows import build
from tests.flows.build import START_US
from tests.flows.reference import Packet
from tests.flows.run import frame_of
from tests.sources.packets.capture import read

from clan.cli import main
from clan.flows import PACKET_GROUPS, FlowSettings
from clan.sources.packets import PacketSource

LARGE = (
    "attack/ddos_syn_flood/StopDDoS-packet-captures__pkt.TCP.synflood.spoofed.pcap",
    "attack/ddos_syn_flood/StopDDoS-packet-captures__pkt.TCP.DOMINATE.syn.ecn.cwr.pcapng",
    "attack/malware_dga/yungshenglu-USTC-TFC2016__Malware__Tinba.pcap",
    "benign/ntop-nDPI__tests__cfgs__default__pcap__bittorrent_transmission.pcapng",
    "benign/ntop-nDPI__tests__cfgs__default__pcap__gnutella.pcap",
)


def digest(flows: pl.DataFrame) -> str:
    """SHA-256 of the table written as Parquet; the path that it came from does not count."""
    out = io.BytesIO()
    flows.with_columns(pl.lit("capture").alias("source")).write_parquet(out)
    return hashlib.sha256(out.getvalue()).hexdigest()


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12,000 packets of 40 hosts in ten minutes: long and short flows, resets, silences, fragments, stumbling clock."""
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(0, 600_000_000, 12_000)) - rng.choice([0, 0, 0, 0, 2000], 12_000)
    frames = []
    for i, at in enumerate(times.tolist()):
        a, b, port = rng.integers(0, 40, 3).tolist()
        tcp = i % 3 > 0
        packet = Packet(
            START_US + at, f"10.0.0.{a}", f"10.0.1.{b}", 6 if tcp else 17, 1000 + port, 443,
            int(rng.integers(0, 40)), 20 if tcp else 8, int(rng.choice([2, 16, 16, 16, 17, 20])) if tcp else 0,
        )  # fmt: skip
        frames.append(frame_of(packet))
        if i % 100 == 0:
            piece = build.ipv4(
                "10.0.0.1", "10.0.0.2", 17, build.udp(7, 7, bytes(16)), identification=i // 200, more=True
            )
            frames.append(build.Frame(START_US + at, build.ethernet(piece)))
    path = tmp_path_factory.mktemp("determinism") / "capture.pcap"
    path.write_bytes(build.pcap(frames))
    return path


GROUPS = PACKET_GROUPS
"""All that packets tell."""


def check_wrappings(path: Path, tmp_path: Path) -> None:
    """Read one capture in many ways and compare."""
    flows, counts, _ = read(path, chunk_bytes=4 << 20, features=GROUPS)
    expected = digest(flows)
    for chunk_bytes in (1 << 12, 1 << 16, 1 << 22):
        again, counts_again, _ = read(path, chunk_bytes=chunk_bytes, features=GROUPS)
        assert again.equals(flows)
        assert (digest(again), counts_again) == (expected, counts)
    data = path.read_bytes()
    for name, packed in (("a.gz", gzip.compress(data, 1)), ("a.zst", zstandard.ZstdCompressor().compress(data))):
        (tmp_path / name).write_bytes(packed)
        again, counts_again, _ = read(tmp_path / name, features=GROUPS)
        assert (digest(again), counts_again) == (expected, counts)
    assert digest(through_pipe(data, tmp_path / "pipe")) == expected


def through_pipe(data: bytes, pipe: Path) -> pl.DataFrame:
    """Read a capture that another thread writes into a pipe, in pieces of odd sizes."""
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as out:
            for at in range(0, len(data), 77_777):
                out.write(data[at : at + 77_777])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return read(pipe, features=GROUPS)[0]
    finally:
        writer.join()


def test_chunks_compression_and_pipes(capture: Path, tmp_path: Path) -> None:
    check_wrappings(capture, tmp_path)


@pytest.mark.parametrize("name", LARGE)
def test_chunks_compression_and_pipes_of_real_captures(test_data: Path, tmp_path: Path, name: str) -> None:
    check_wrappings(test_data / "captures" / name, tmp_path)


@pytest.mark.parametrize("max_flows", [1000, 1 << 20])
def test_hash_secret_changes_nothing(capture: Path, monkeypatch: pytest.MonkeyPatch, max_flows: int) -> None:
    """Not even which flows leave early when the table is full."""
    found = set()
    for seed in range(3):
        monkeypatch.setattr(os, "urandom", lambda n, seed=seed: hashlib.sha256(bytes([seed])).digest()[:n])
        source = PacketSource([str(capture)], FlowSettings(max_flows=max_flows), features=GROUPS)
        found.add(digest(pl.concat(list(source.batches())).head(5000)))
        source.close()
    assert len(found) == 1


def test_other_processes_with_other_threads_agree(capture: Path) -> None:
    code = (
        "import sys, polars as pl; from clan.sources import read_flows;"
        "from tests.contracts.test_determinism import GROUPS, digest;"
        "print(digest(read_flows(sys.argv[1], features=GROUPS)), pl.thread_pool_size())"
    )
    outputs = []
    for threads in ("1", "3"):
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": threads}
        done = subprocess.run(
            [sys.executable, "-c", code, str(capture)], env=environment, capture_output=True, text=True, check=True
        )
        outputs.append(done.stdout.split())
    assert {threads for _, threads in outputs} == {"1", "3"}
    assert {hashed for hashed, _ in outputs} == {digest(read(capture, features=GROUPS)[0])}


def test_number_of_workers_changes_no_byte_of_the_file(capture: Path, tmp_path: Path) -> None:
    """Three streams through one, two and three processes, written by the command that users run."""
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in ("a.pcap", "b.pcap"):
        (inputs / name).write_bytes(capture.read_bytes())
    (inputs / "c.pcap.gz").write_bytes(gzip.compress(capture.read_bytes(), 1))
    written = set()
    for workers in ("1", "2", "3"):
        out = tmp_path / f"{workers}.parquet"
        assert (
            main(
                ["flows", "-r", str(inputs), "-o", str(out), "-q", "--workers", workers, "--features", ",".join(GROUPS)]
            )
            == 0
        )
        written.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert pl.read_parquet(tmp_path / "3.parquet")["source"].n_unique() == 3
    assert len(written) == 1
