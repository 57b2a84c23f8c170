"""A spool gives back what was put into it, in order, whatever end the process or its files came to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.delivery.fakes import records

from clan.alerts.delivery import MAX_RECORD, Record, Spool
from clan.alerts.delivery.spool import SpoolFull
from clan.errors import SinkError


def drained(spool: Spool, most: int = 7) -> list[Record]:
    """All that is unread, acknowledged."""
    found: list[Record] = []
    while spool.n_unread:
        found += spool.read(most)
        spool.ack(spool.last_read)
    return found


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


def test_records_come_back_in_order_and_leave_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=2 << 20)
    put = records(1000, 1500)
    for record in put:
        spool.append(record)
    assert (spool.n_waiting, spool.n_unread) == (1000, 1000)
    assert len(segments(tmp_path)) > 3
    assert drained(spool) == put
    assert (spool.n_waiting, spool.n_unread) == (0, 0)
    spool.close()
    assert segments(tmp_path) == []


def test_what_was_not_acknowledged_comes_again_after_rewind_and_reopening(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put = records(30)
    for record in put:
        spool.append(record)
    assert spool.read(10) == put[:10]
    first = spool.last_read
    assert spool.read(10) == put[10:20]
    assert spool.ack(first) == 10
    spool.rewind()
    assert spool.read(10) == put[10:20]
    spool.close()
    again = Spool(tmp_path)
    assert again.n_waiting == 20
    again.append(Record("new", b"n"))
    assert drained(again) == [*put[10:], Record("new", b"n")]
    again.close()


def test_an_empty_spool_counts_on(tmp_path: Path) -> None:
    for i in range(3):
        spool = Spool(tmp_path)
        spool.append(records(1, start=i)[0])
        assert [r.id for r in drained(spool)] == [f"r{i}"]
        spool.close()


def test_full_spool_says_so_and_gives_up_its_oldest_segment(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=1 << 20)
    put = records(10_000, 1000)
    while spool.n_bytes + 1100 <= 1 << 20:
        spool.append(put[spool.n_waiting])
    n = spool.n_waiting
    assert n > 900
    with pytest.raises(SpoolFull):
        spool.append(put[n])
    assert spool.n_bytes <= 1 << 20
    assert spool.n_waiting == n
    spool.read(5)
    lost, given = spool.drop_oldest()
    assert given == 5 < lost < n
    assert [r.id for r in drained(spool)] == [f"r{i}" for i in range(lost, n)]
    assert spool.drop_oldest() == (0, 0)
    spool.close()


def test_only_one_process_uses_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(SinkError, match="another clan uses the spool"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match=r"the spool .* cannot be used"):
        Spool(tmp_path / "file" / "spool")


def test_disk_that_is_full_leaves_the_spool_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    put = records(3)
    spool.append(put[0])
    import os

    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
    with pytest.raises(OSError, match="No space left"):
        spool.append(put[1])
    monkeypatch.undo()
    spool.append(put[2])
    assert drained(spool) == [put[0], put[2]]
    spool.close()


def test_what_was_torn_off_is_cut_and_the_rest_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put = records(5)
    for record in put:
        spool.append(record)
    spool.close()
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    again = Spool(tmp_path)
    assert again.n_damaged == 0  # its writing had not ended: nobody was told that it is safe
    again.append(put[4])
    assert drained(again) == put
    again.close()


def test_damage_is_counted_and_what_follows_in_other_segments_is_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=2 << 20)
    put = records(800, 1000)
    for record in put:
        spool.append(record)
    spool.close()
    first, second = segments(tmp_path)[:2]
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1
    first.write_bytes(data)
    again = Spool(tmp_path, max_bytes=2 << 20)
    got = drained(again)
    assert again.n_damaged == 800 - len(got) > 0
    assert got[-1] == put[-1]
    start = int(second.stem)
    assert [r.id for r in got] == [f"r{i}" for i in [*range(start - again.n_damaged), *range(start, 800)]]
    again.close()


def test_damage_while_it_is_open_is_counted_and_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=2 << 20)
    put = records(800, 1000)
    for record in put:
        spool.append(record)
    first, second = segments(tmp_path)[:2]
    data = bytearray(first.read_bytes())
    data[2000] ^= 1
    first.write_bytes(data)
    got, n_acked = [], 0
    while spool.n_unread:
        got += spool.read(7)
        n_acked += spool.ack(spool.last_read)
    assert n_acked == len(got) == 800 - spool.n_damaged
    assert [r.id for r in got] == ["r0", *(f"r{i}" for i in range(int(second.stem), 800))]
    assert spool.n_waiting == 0
    spool.close()


def test_a_lost_cursor_repeats_and_loses_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put = records(9)
    for record in put:
        spool.append(record)
    spool.read(4)
    spool.ack(spool.last_read)
    spool.close()
    (tmp_path / "cursor").write_bytes(b"no number")
    again = Spool(tmp_path)
    assert drained(again) == put
    again.close()


def test_largest_record_and_longest_id(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    big = Record("i" * 1000, b"x" * MAX_RECORD)
    spool.append(Record("a", b""))
    spool.append(big)
    assert drained(spool) == [Record("a", b""), Record("i" * 255, big.body)]
    spool.close()


@settings(max_examples=60)
@given(st.data())
def test_any_sequence_of_steps_is_a_queue(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Held against a list: appended, read, acknowledged, rewound, reopened in any order."""
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, max_bytes=1 << 20)
    held: list[Record] = []
    n_read, n_put = 0, 0
    for step in data.draw(st.lists(st.sampled_from("aaaarrkwo"), max_size=60)):
        if step == "a":
            size = data.draw(st.sampled_from([0, 10, 5_000, 40_000]))
            record = Record(f"r{n_put}", b"b" * size)
            try:
                spool.append(record)
            except SpoolFull:
                continue
            held.append(record)
            n_put += 1
        elif step == "r":
            found = spool.read(3)
            assert found == held[n_read : n_read + len(found)]
            assert bool(found) == (n_read < len(held))
            n_read += len(found)
        elif step == "k":
            assert spool.ack(spool.last_read) == n_read
            held, n_read = held[n_read:], 0
        else:
            if step == "o":
                spool.close()
                spool = Spool(folder, max_bytes=1 << 20)
            spool.rewind()
            n_read = 0
        assert spool.n_waiting == len(held)
        assert spool.n_unread == len(held) - n_read
    spool.rewind()
    assert drained(spool) == held
    spool.close()


@settings(max_examples=60)
@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_hostile_files_are_never_more_than_damage(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder)
    for record in records(20):
        spool.append(record)
    spool.close()
    (path,) = segments(folder)
    data = bytearray(path.read_bytes())
    data[at : at + len(junk)] = junk
    path.write_bytes(data)
    (folder / "cursor").write_bytes(junk[:12])
    (folder / "99999999999999999999.segment").write_bytes(junk)
    again = Spool(folder)
    got = drained(again)
    assert len(got) <= 20 + len(junk) // 18
    again.append(Record("after", b""))
    assert drained(again) == [Record("after", b"")]
    again.close()


PROGRAM = """
import sys
from pathlib import Path
from clan.alerts.delivery import Delivery, DeliverySettings, Record, Spool
from tests.alerts.delivery.fakes import FakeTransport

fake = FakeTransport()
fake.up = sys.argv[2] == "up"
delivery = Delivery(fake, Spool(Path(sys.argv[1])), DeliverySettings())
i = 0
while True:
    delivery.put(Record(f"r{i}", b"x" * 500))
    sys.stdout.write(f"{i}\\n")
    sys.stdout.flush()
    i += 1
"""


@pytest.mark.parametrize("state", ["up", "away"])
def test_kill_9_loses_nothing_that_was_taken(tmp_path: Path, state: str) -> None:
    """A process that puts records without end is killed in the middle; what it had told us is sent or in the spool."""
    root = Path(__file__).parents[3]
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), state], stdout=subprocess.PIPE, cwd=root, text=True
    )
    assert child.stdout is not None
    told = -1
    for line in child.stdout:
        told = int(line)
        if told >= 2000:
            break
    child.kill()
    told = max([told, *(int(line) for line in child.stdout if line.endswith("\n"))])
    child.wait()
    child.stdout.close()
    spool = Spool(tmp_path)
    left = [int(r.id[1:]) for r in drained(spool)]
    assert left == list(range(left[0], left[-1] + 1)) if left else state == "up"
    if state == "away":
        assert left[0] == 0
        assert left[-1] >= told
    elif left:
        assert left[-1] >= told
    spool.close()
