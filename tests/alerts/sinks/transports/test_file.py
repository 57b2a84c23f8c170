"""Files rotate, are opened anew, leave some of the disk free, and never hold half a record."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from tests.alerts.delivery.fakes import records, until
from tests.alerts.sinks.transports.sending import ids_of, numbered, sink_of

from clan.alerts.delivery import Record
from clan.alerts.sinks import Container
from clan.alerts.sinks.transports.file import FileTransport, Options
from clan.alerts.sinks.transports.rotation import Rotation
from clan.errors import SinkError

DOCUMENT = Container(head=b"[0", first=b",\n", between=b",\n", tail=b"\n]\n")


def ids_in(*paths: Path) -> list[str]:
    return [
        json.loads(line)["alert"]["metadata"]["alert_id"][0] for path in paths for line in path.read_text().splitlines()
    ]


def test_rotation_by_size_keeps_what_it_should(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    alerts = numbered(40)
    with sink_of(f"file:{path}?rotate=10KB&keep=3", tmp_path) as sink:
        for each in alerts:
            sink.emit(each)
    old = Rotation.rotated(path)
    assert len(old) == 3
    assert all(p.name.startswith("alerts.20") and p.suffix == ".ndjson" for p in old)
    assert all(p.stat().st_size <= 10_000 for p in [*old, path])
    found = ids_in(*old, path)
    assert found == ids_of(alerts)[-len(found) :]
    assert len(found) > 12


def test_rotation_by_time_is_at_whole_intervals() -> None:
    rotation = Rotation(every_s=3600)
    assert not rotation.due(10, 1, 7200.0, 10799.9)
    assert rotation.due(10, 1, 10799.9, 10800.0)
    assert not rotation.due(0, 1, 0.0, 10800.0)  # an empty file is not worth a name


def test_a_file_of_yesterday_is_rotated_when_it_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old\n")
    os.utime(path, (time.time() - 86400 * 2,) * 2)
    transport = FileTransport(path, Options(rotate_every_s=86400))
    transport.send([Record("", b"new")])
    transport.close()
    assert path.read_bytes() == b"new\n"
    assert [p.read_bytes() for p in Rotation.rotated(path)] == [b"old\n"]


def test_reopening_follows_the_name(tmp_path: Path) -> None:
    """What logrotate does: rename, then SIGHUP."""
    path = tmp_path / "a"
    transport = FileTransport(path)
    transport.send([Record("", b"1")])
    path.rename(tmp_path / "a.1")
    transport.send([Record("", b"2")])
    transport.reopen()
    transport.send([Record("", b"3")])
    transport.close()
    assert (tmp_path / "a.1").read_bytes() == b"1\n2\n"
    assert path.read_bytes() == b"3\n"


def test_a_line_that_a_crash_cut_short_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"whole\nhal")
    transport = FileTransport(path)
    transport.send([Record("", b"next")])
    transport.close()
    assert path.read_bytes() == b"whole\nhal\nnext\n"


def test_a_document_is_whole_after_every_batch_and_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for _ in range(2):
        transport = FileTransport(path, container=DOCUMENT)
        json.loads(path.read_text())
        for body in (b"1", b"2"):
            transport.send([Record("", body), Record("", body)])
            json.loads(path.read_text())
        transport.close()
    assert json.loads(path.read_text()) == [0, *[1, 1, 2, 2] * 2]
    path.write_bytes(b"something else")
    with pytest.raises(SinkError, match="name another file"):
        FileTransport(path, container=DOCUMENT)


def streamed(place: str, container: Container, *batches: list[Record]) -> None:
    """Send batches and close twice, as whoever is in doubt does."""
    transport = FileTransport(place, container=container)
    for batch in batches:
        transport.send(batch)
    transport.close()
    transport.close()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_standard_output_is_one_document(n: int, capsys: pytest.CaptureFixture[str]) -> None:
    one = [Record("", b"1"), Record("", b"2")]
    streamed("-", DOCUMENT, *[one] * n)
    assert json.loads(capsys.readouterr().out) == [0, *[1, 2] * n]
    streamed("-", Container(head=b"#head\n"), *[one] * n)
    assert capsys.readouterr().out == "#head\n" + "1\n2\n" * n


def test_a_pipe_gets_one_document(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    streamed(str(path), DOCUMENT, [Record("", b"1")], [Record("", b"2")])
    assert json.loads(os.read(reader, 1000)) == [0, 1, 2]
    os.close(reader)


def test_a_stream_goes_on_after_a_write_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    transport = FileTransport("-", container=DOCUMENT)
    transport.send([Record("", b"1")])
    write = sys.stdout.write

    def full(text: str) -> int:
        monkeypatch.setattr(sys.stdout, "write", write)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.stdout, "write", full)
    with pytest.raises(SinkError, match="No space left"):
        transport.send([Record("", b"2")])
    transport.close()  # as a delivery does before it tries again
    transport.send([Record("", b"2")])
    transport.close()
    assert json.loads(capsys.readouterr().out) == [0, 1, 2]


def test_a_zeek_log_has_one_head_a_file(tmp_path: Path) -> None:
    path = tmp_path / "notice.log"
    for _ in range(2):
        with sink_of(f"file:{path}?format=zeek", tmp_path) as sink:
            sink.emit(numbered(1)[0])
    lines = path.read_text().splitlines()
    assert [line.startswith("#") for line in lines] == [True] * 8 + [False] * 2


@pytest.mark.parametrize("container", [Container(), DOCUMENT])
def test_a_disk_that_fills_up_leaves_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: Container
) -> None:
    path = tmp_path / "a"
    transport = FileTransport(path, container=container)
    transport.send(records(1))
    before = path.read_bytes()
    write, fails = os.pwrite, iter([True])

    def full(file: int, data: bytes, at: int) -> int:
        if next(fails, False):
            write(file, data[:5], at)
            raise OSError(28, "No space left on device")
        return write(file, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(SinkError, match="No space left") as error:
        transport.send(records(2))
    assert error.value.retryable
    assert path.read_bytes() == before
    transport.send([Record("", b"1")])
    assert path.read_bytes().startswith(before[: -len(container.tail)])
    transport.close()


def test_some_of_the_disk_is_left_free_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alerts.ndjson"
    found = os.statvfs(tmp_path)
    free = {"now": 10}

    def fstatvfs(_: int) -> os.statvfs_result:
        values = list(found)
        values[4] = free["now"]  # f_bavail, in blocks
        return os.statvfs_result(values)

    monkeypatch.setattr(os, "fstatvfs", fstatvfs)
    alerts = numbered(30)
    with sink_of(f"file:{path}?min_free=1GB", tmp_path) as sink:
        for each in alerts:
            sink.emit(each)
        until(lambda: sink.counters()["retried"] > 0, "a try that failed")
        assert path.read_bytes() == b""
        assert "min_free is 1,000 MB" in sink.counters()["last_error"]
        free["now"] = 1 << 40
    assert ids_in(path) == ids_of(alerts)
    assert sink.counters()["dropped"] == {}


def test_a_device_is_written_to_as_it_is() -> None:
    transport = FileTransport("/dev/null", Options(rotate=1024))
    transport.send(records(100))
    transport.close()
    transport.close()
