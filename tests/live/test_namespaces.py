"""A live capture over a real link gives the flows that a recording of the same packets gives."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import struct
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import dpkt
import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal
from tests.live.link import HERE, WAIT_S, Link, wait_for
from tests.live.watch import SETTINGS

import clan
from clan.cli import main
from clan.sources import read_flows
from clan.sources.live.tool import TOOLS

AFPACKET = Path(clan.__file__).parent / "sources" / "live" / "afpacket.py"
SAMPLE = HERE.parents[1] / "samples" / "alpha-mixed.pcapng.zst"
SETTLE_S = 3.0
"""A capture tool may hold a packet back for a second; what it holds when it is stopped is lost."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None,
        reason="making network namespaces needs root and the ip command; run as root to test live capture",
    ),
]


@pytest.fixture
def link() -> Iterator[Link]:
    with Link() as pair:
        yield pair


def part_of_sample(path: Path, first: int, last: int) -> int:
    """Write some frames of the sample as a capture of its own; gives how many."""
    data = zstandard.ZstdDecompressor().decompressobj().decompress(SAMPLE.read_bytes())
    with path.open("wb") as file:
        writer, n = dpkt.pcap.Writer(file), 0
        for at, frame in islice(dpkt.pcapng.Reader(io.BytesIO(data)), first, last):
            writer.writepkt(frame, ts=at)
            n += 1
    return n


def packets_in(path: Path) -> int:
    """Whole frames of a capture that may still be growing."""
    data, at, n = path.read_bytes(), 24, 0
    while at + 16 <= len(data):
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        n += at <= len(data)
    return n


@pytest.mark.parametrize("tool", [name for name, tool in TOOLS.items() if shutil.which(tool.program)])
def test_live_flows_equal_those_of_a_recording(tool: str, link: Link, tmp_path: Path) -> None:
    first, second = tmp_path / "first.pcap", tmp_path / "second.pcap"
    record, flows, log = tmp_path / "record.pcap", tmp_path / "live.parquet", tmp_path / "log"
    n_first = part_of_sample(first, 0, 3000)
    # Some flows of the first part go on in the second, after they have ended by the clock.
    n_second = part_of_sample(second, 1500, 6000)
    recorder = link.start(link.near, [str(AFPACKET), "eth0"], out=record)
    live = link.start(link.near, [str(HERE / "watch.py"), tool, str(flows)], out=log)
    wait_for("the capture", lambda: record.stat().st_size >= 24 and "ready" in log.read_text())
    link.send(first, per_second=2000, folder=tmp_path)
    wait_for("the recording", lambda: packets_in(record) >= n_first)
    n_flows = read_flows(record, settings=SETTINGS).height
    wait_for("the end of all flows on a silent link", lambda: left(log) == n_flows)
    link.send(second, per_second=2000, folder=tmp_path)
    wait_for("the recording", lambda: packets_in(record) >= n_first + n_second)
    time.sleep(SETTLE_S)
    for process in (live, recorder):
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0, Path(f"{log}.err").read_text()
    assert f"packets {n_first + n_second} dropped 0" in log.read_text()
    expected = read_flows(record, settings=SETTINGS)
    assert expected.height > n_flows > 20
    assert_frame_equal(pl.read_parquet(flows).drop("source"), expected.drop("source"), check_exact=True)


def left(log: Path) -> int:
    """Flows that have left the engine, as the log tells."""
    return sum(int(line) for line in log.read_text().split()[1:] if line.isdigit())


def test_detect_live_with_a_filter_ends_well_on_sigint(link: Link, tmp_path: Path) -> None:
    model, sent, record = tmp_path / "m.clan", tmp_path / "sent.pcap", tmp_path / "record.pcap"
    benign = str(SAMPLE.with_name("alpha-benign.pcapng.zst"))
    # what hosts did before is something else where a filter lets only a part of it through
    assert main(["train", "-r", benign, "-o", str(model), "--fpr", "0.01", "--features", "flow", "-q"]) == 0
    n = part_of_sample(sent, 0, 30_000)
    recorder = link.start(link.near, [str(AFPACKET), "eth0"], out=record)
    alerts, scores, log = tmp_path / "alerts.ndjson", tmp_path / "scores.parquet", tmp_path / "log"
    arguments = ["-i", "eth0", "--bpf", "udp", "-o", str(alerts), "--scores", str(scores), "--json"]
    live = link.start(link.near, ["-m", "clan", "detect", "-m", str(model), *arguments], out=log)
    wait_for("the capture", lambda: record.stat().st_size >= 24 and "capturing on eth0" in errors(log))
    link.send(sent, per_second=4000, folder=tmp_path)
    wait_for("the recording", lambda: packets_in(record) >= n)
    time.sleep(SETTLE_S)
    for process in (live, recorder):
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0, errors(log)
    told = json.loads(log.read_text())
    assert told["counts"]["kernel_dropped_packets"] == 0
    offline = tmp_path / "offline.parquet"
    assert (
        main(["detect", "-m", str(model), "-r", str(record), "-o", str(tmp_path / "x"), "--scores", str(offline)]) == 0
    )
    expected = pl.read_parquet(offline).filter(pl.col("protocol") == 17)
    uid_free = pl.exclude("source", "uid")  # the uid counts flows, and the recording has more of them
    order = ("ts_end", "ts_start", "src_port", "dst_port")
    assert_frame_equal(
        pl.read_parquet(scores).select(uid_free).sort(order), expected.select(uid_free).sort(order), check_exact=True
    )
    assert told["flows"] == expected.height
    kinds = [json.loads(line)["event_type"] for line in alerts.read_text().splitlines()]
    assert told["alerts"] == expected["alert"].sum() == kinds.count("alert") > 50
    assert kinds[-1] == "stats"


def errors(log: Path) -> str:
    """What a program said on standard error."""
    return Path(f"{log}.err").read_text()
