"""Several processes read what one would read, byte for byte, and none of them is left behind whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.flows import build
from tests.sources.packets.capture import conversation

from clan.errors import ClanError, ConfigError, MalformedRecord, NoFlows, SinkError, SourceError, UnsupportedFormat
from clan.sources import FlowReader, ReadReport, empty_flows, read_flows
from clan.sources.workers import number, pool, process, usual_workers
from clan.sources.workers.child import Spool

WAIT_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of unlike length, the first of more than one batch, and some that are none."""
    inputs = tmp_path_factory.mktemp("inputs")
    pairs = conversation(8500)
    later = [frame._replace(ts=frame.ts + 500_000_000) for frame in pairs]
    (inputs / "0.pcap").write_bytes(build.pcap([*pairs, *later]))
    for i, n in enumerate((10, 300), start=1):
        (inputs / f"{i}.pcap").write_bytes(build.pcap(conversation(n)))
    (inputs / "cut.pcap").write_bytes(build.pcap(conversation(50))[:-3])
    (inputs / "empty.pcap").write_bytes(b"")
    (inputs / "arp.pcap").write_bytes(build.pcap([build.Frame(1, build.ethernet(bytes(46), ethertype=0x0806))]))
    (inputs / "notes.txt").write_text("no capture")
    return inputs


def read(*paths: Path, workers: int, strict: bool = False) -> tuple[list[pl.DataFrame], ReadReport]:
    """The batches as they come, and the account."""
    reader = FlowReader([str(path) for path in paths], workers=workers, strict=strict)
    batches = list(reader.batches())
    assert reader.bytes_read == reader.total_bytes
    return batches, reader.report


@pytest.mark.parametrize(("workers", "ahead"), [(2, 1 << 30), (3, 1)])
def test_the_number_changes_nothing(
    folder: Path, workers: int, ahead: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither does how far they may run ahead."""
    monkeypatch.setattr(pool, "AHEAD_BYTES", ahead)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    expected, account = read(folder, workers=1)
    found, other = read(folder, workers=workers)
    assert len(found) == len(expected) == 5
    assert all(a.equals(b) and a.schema == b.schema for a, b in zip(expected, found, strict=True))
    assert other == account
    assert list(other.counts) == list(account.counts)
    assert set(account.skipped) == {str(folder / "empty.pcap"), str(folder / "notes.txt")}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "strict", "error", "message"),
    [
        (["1.pcap", "cut.pcap", "0.pcap"], True, MalformedRecord, "incomplete record"),
        (["1.pcap", "notes.txt"], True, UnsupportedFormat, "notes.txt is no capture"),
        (["arp.pcap", "notes.txt"], False, NoFlows, "1 packet in 1 capture; 1 frame that carries no IP"),
    ],
)
def test_errors_are_those_of_one_process(
    folder: Path, names: list[str], strict: bool, error: type[Exception], message: str
) -> None:
    said = []
    for workers in (1, 2):
        with pytest.raises(error, match=message) as raised:
            read(*(folder / name for name in names), workers=workers, strict=strict)
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_standard_input_is_read_by_us(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from clan.sources import read_flows;"
        "read_flows(sys.argv[2:], workers=int(sys.argv[1])).write_ipc(sys.stdout.buffer)"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, workers, str(folder / "1.pcap"), "-", str(folder / "2.pcap")],
            input=(folder / "cut.pcap").read_bytes(), capture_output=True, check=True,
        ).stdout
        for workers in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1] != b""


@pytest.mark.parametrize(
    ("boot", "fate"),
    [
        ("import os; os.kill(os.getpid(), 9)", r"was ended by SIGKILL \(out of memory\?\)"),
        ("raise SystemExit(7)", "ended with code 7"),
        ("import sys; sys.stdin.readline(); print('{\"opened\": true', end='')", "ended with code 0"),
    ],
)
def test_a_process_that_dies_names_the_file(
    folder: Path, boot: str, fate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reason to pass over a file as if that were damaged."""
    monkeypatch.setattr(process, "_BOOT", boot)
    with pytest.raises(ClanError, match=rf"the process that was reading .*0.pcap {fate}.*fewer --workers") as raised:
        read(folder / "0.pcap", folder / "1.pcap", workers=2)
    assert not isinstance(raised.value, SourceError)


def test_a_reading_that_is_left_ends_its_processes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pools: list[pool.WorkerPool] = []

    class Kept(pool.WorkerPool):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)  # type: ignore[arg-type]
            pools.append(self)

    monkeypatch.setattr("clan.sources.reader.WorkerPool", Kept)
    batches = FlowReader([str(folder)], workers=2).batches()
    next(batches)
    assert len(list(tmp_path.iterdir())) == 1
    batches.close()  # type: ignore[attr-defined]  # it is a generator
    assert list(tmp_path.iterdir()) == []
    for worker in pools[0].workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker.pid, 0)
    pools[0].close()


def children(parent: int) -> list[int]:
    """Processes that a process has started."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def runs(pid: int) -> bool:
    """Whether a process still does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    """Wait, as long as it takes within reason."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    """Not even when nobody had the time to end it, and it waits for a pipe that nobody will ever write to."""
    spool = tmp_path / "spool"
    spool.mkdir()
    for name in ("a", "b"):
        os.mkfifo(tmp_path / name)
    command = [sys.executable, "-m", "clan", "flows", "-r", str(tmp_path / "a"), str(tmp_path / "b"), "--workers", "2"]
    running = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(spool)}, stderr=subprocess.PIPE)
    wait_for("the start", lambda: len(children(running.pid)) == 2 and len(list(spool.rglob("1"))) == 1)
    workers = children(running.pid)
    time.sleep(1.5)  # until they are at work; at any other moment the test must hold as well
    running.send_signal(number)
    code = running.wait(WAIT_S)
    assert running.stderr is not None
    with running.stderr:
        said = running.stderr.read().decode()
    assert code not in (0, None)
    assert "Traceback" not in said
    wait_for("the end of the processes", lambda: not any(runs(pid) for pid in workers))
    wait_for("the removal of their folder", lambda: not list(spool.iterdir()))


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = empty_flows()
    spool, slept = Spool(tmp_path, 3000), []

    def take_one(_seconds: float) -> None:
        oldest = min(tmp_path.iterdir())
        slept.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
        oldest.unlink()

    monkeypatch.setattr(time, "sleep", take_one)
    size = Path(spool.put(batch)).stat().st_size
    for _ in range(20):
        spool.put(batch)
    assert slept
    assert max(slept) <= max(3000, size) + size


def test_no_room_is_told(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"cannot keep flows in .*gone until they are taken.*TMPDIR"):
        Spool(tmp_path / "gone", 1 << 20).put(empty_flows())


def test_default_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number, "cores", lambda: 4)
    large = number.WORTH_BYTES
    assert [usual_workers(sizes) for sizes in ([], [large], [large, 9], [large] * 2, [large // 9] * 20)] == [
        1,
        1,
        1,
        2,
        4,
    ]
    monkeypatch.setattr(number, "cores", lambda: 2)
    assert usual_workers([large] * 2) == 1


@pytest.mark.parametrize(("workers", "join", "message"), [(0, False, "between 1 and 256, got 0"), (257, False, "257"),
                                                          (2, True, "--join makes one stream")])  # fmt: skip
def test_numbers_that_make_no_sense(workers: int, join: bool, message: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        read_flows(folder, workers=workers, join=join)
    assert read_flows(folder / "1.pcap", workers=1, join=True).height == 11
