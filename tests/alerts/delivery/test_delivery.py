"""A delivery brings every record to its receiver, however often that is away, and never holds up who puts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.alerts.delivery.fakes import FakeTransport, NoPause, records, until

from clan.alerts.delivery import MAX_RECORD, Delivery, DeliverySettings, Record, Spool
from clan.errors import ConfigError, SinkError


def delivery_of(folder: Path, fake: FakeTransport, **settings: object) -> Delivery:
    """A delivery that tries again at once."""
    chosen = DeliverySettings(**{"drain_s": 30.0, **settings})  # type: ignore[arg-type]  # a test gives what it likes
    spool = Spool(folder, max_bytes=chosen.spool_max, fsync=chosen.fsync)
    return Delivery(fake, spool, chosen, backoff=NoPause())


@pytest.mark.parametrize("inline", [False, True])
def test_everything_is_sent_once_and_in_order(tmp_path: Path, inline: bool) -> None:
    fake = FakeTransport(inline=inline)
    with delivery_of(tmp_path, fake) as delivery:
        for record in records(500):
            delivery.put(record)
    assert fake.got == records(500)
    count = delivery.count
    assert (count.emitted, count.sent, count.retried, count.n_dropped) == (500, 500, 0, 0)


@pytest.mark.parametrize("inline", [False, True])
def test_an_outage_loses_nothing(tmp_path: Path, inline: bool) -> None:
    fake = FakeTransport(inline=inline)
    said: list[str] = []
    with delivery_of(tmp_path, fake) as delivery:
        delivery._tell = said.append
        put = records(300)
        for record in put[:100]:
            delivery.put(record)
        fake.up = False
        for record in put[100:200]:
            delivery.put(record)
        until(lambda: delivery.count.retried > 3, "some tries")
        assert delivery.counters()["spooled"] >= 100
        fake.up = True
        for record in put[200:]:
            delivery.put(record)
    assert fake.got == put
    assert delivery.counters()["sent"] == 300
    assert len(said) == 2
    assert "fake:1 is away" in said[0]
    assert "again" in said[1]


def test_what_cannot_be_sent_before_the_end_waits_for_the_next_run(tmp_path: Path) -> None:
    fake = FakeTransport()
    fake.up = False
    delivery = delivery_of(tmp_path, fake, drain_s=0.05)
    for record in records(20):
        delivery.put(record)
    delivery.close()
    delivery.close()
    with pytest.raises(SinkError, match="closed"):
        delivery.put(records(1)[0])
    fake.up = True
    with delivery_of(tmp_path, fake) as again:
        again.put(Record("new", b""))
    assert fake.ids == [*(f"r{i}" for i in range(20)), "new"]
    assert (again.count.recovered, again.count.sent) == (20, 21)


def test_a_slow_receiver_holds_up_neither_detection_nor_the_others(tmp_path: Path) -> None:
    slow, quick = FakeTransport(), FakeTransport()
    slow.gate.clear()
    with delivery_of(tmp_path / "slow", slow) as one, delivery_of(tmp_path / "quick", quick) as other:
        for record in records(1000):
            one.put(record)
            other.put(record)
        until(lambda: len(quick.got) == 1000, "the quick receiver")
        assert slow.waiting.is_set()
        assert slow.got == []
        assert one.n_waiting == 1000
        slow.gate.set()
    assert slow.ids == quick.ids


@pytest.mark.parametrize("overflow", ["newest", "oldest", "wait"])
def test_a_full_spool_drops_by_its_policy_and_counts(tmp_path: Path, overflow: str) -> None:
    fake = FakeTransport(max_batch=50)
    fake.up = False
    with delivery_of(tmp_path, fake, spool_max=1 << 20, overflow=overflow, wait_s=0.05) as delivery:
        for record in records(300, 10_000):
            delivery.put(record)
        dropped = delivery.counters()["dropped"]
        fake.up = True
    ids = [int(name[1:]) for name in fake.ids]
    lost = sum(dropped.values())
    assert len(ids) == 300 - lost < 200
    if overflow == "oldest":
        assert dropped.keys() == {"overflow_oldest"}
        assert ids == list(range(lost, 300))
    else:
        assert dropped.keys() == {"overflow_newest"}
        assert ids[:90] == list(range(90))


@pytest.mark.parametrize("arrives", [True, False])
def test_what_is_under_way_when_the_oldest_go_counts_by_its_end(tmp_path: Path, arrives: bool) -> None:
    fake = FakeTransport(max_batch=5)
    fake.gate.clear()
    with delivery_of(tmp_path, fake, spool_max=1 << 20, overflow="oldest") as delivery:
        delivery.put(*records(10, 10_000))
        assert fake.waiting.wait(60)  # the first of them are on their way
        delivery.put(*records(290, 10_000, start=10))
        assert delivery.count.emitted == 300 == delivery.count.dropped["overflow_oldest"] + delivery.n_waiting
        fake.up = arrives
        fake.gate.set()
        until(lambda: fake.n_tries > 1, "another try")
        fake.up = True
    assert ("r0" in fake.ids) is arrives
    assert delivery.count.sent == len(fake.ids) == len(set(fake.ids))
    assert delivery.count.dropped == {"overflow_oldest": 300 - len(fake.ids)}


def test_detection_waits_for_room_where_it_is_told_to(tmp_path: Path) -> None:
    fake = FakeTransport(max_batch=5)
    with delivery_of(tmp_path, fake, spool_max=1 << 20, overflow="wait", wait_s=60) as delivery:
        for record in records(400, 10_000):
            delivery.put(record)
    assert fake.ids == [f"r{i}" for i in range(400)]
    assert delivery.count.n_dropped == 0


def test_what_the_receiver_refuses_is_found_and_the_rest_goes_on(tmp_path: Path) -> None:
    fake = FakeTransport(max_batch=10)
    fake.gate.clear()
    fake.refused = {"r3", "r17"}
    with delivery_of(tmp_path, fake) as delivery:
        for record in records(40):
            delivery.put(record)
        fake.gate.set()
    assert fake.ids == [f"r{i}" for i in range(40) if i not in (3, 17)]
    assert delivery.counters()["dropped"] == {"rejected": 2}
    assert delivery.counters()["sent"] == 38
    assert max(fake.batches) == 10


def test_many_at_once_are_sent_at_once_and_one_that_is_refused_is_found(tmp_path: Path) -> None:
    fake = FakeTransport(inline=True)
    fake.refused = {"r17"}
    with delivery_of(tmp_path, fake) as delivery:
        delivery.put(*records(10), Record("big", b"x" * (MAX_RECORD + 1)))
        delivery.put(*records(10, start=10))
        fake.up = False
        delivery.put(*records(5, start=20))
        until(lambda: delivery.count.retried > 1, "some tries")
        fake.up = True
    assert fake.ids == [f"r{i}" for i in range(25) if i != 17]
    assert fake.batches[0] == 10
    assert delivery.counters()["dropped"] == {"too_large": 1, "rejected": 1}
    assert (delivery.count.emitted, delivery.count.sent) == (26, 24)


def test_what_comes_after_the_end_is_counted(tmp_path: Path) -> None:
    delivery = delivery_of(tmp_path, FakeTransport())
    delivery.close()
    with pytest.raises(SinkError, match="closed"):
        delivery.put(*records(3))
    assert delivery.counters()["dropped"] == {"closed": 3}


def test_sent_over_a_connection_that_broke_is_sent_again(tmp_path: Path) -> None:
    """Where the receiver confirms nothing, only what the connection outlived counts as received."""
    fake = FakeTransport(settle_s=0.2)
    with delivery_of(tmp_path, fake) as delivery:
        for record in records(10):
            delivery.put(record)
        until(lambda: len(fake.got) == 10, "the first try")
        assert delivery.n_waiting == 10
        fake.connected = False
        until(lambda: len(fake.got) == 20, "the second try")
    assert fake.ids == [f"r{i}" for i in range(10)] * 2
    assert delivery.count.sent == 10


def test_a_try_that_hangs_keeps_the_spool_and_loses_nothing(tmp_path: Path) -> None:
    fake = FakeTransport()
    fake.gate.clear()
    delivery = delivery_of(tmp_path, fake, drain_s=0.01)
    delivery._join_s = 0.05
    for record in records(5):
        delivery.put(record)
    delivery.close()
    with pytest.raises(SinkError, match="another clan uses the spool"):
        Spool(tmp_path)
    fake.gate.set()
    delivery._thread.join()
    assert delivery.count.sent == len(fake.got)
    delivery.spool.close()
    again = Spool(tmp_path)
    assert again.n_waiting == 5 - len(fake.got)
    again.close()


def test_too_large_a_record_is_counted(tmp_path: Path) -> None:
    fake = FakeTransport()
    with delivery_of(tmp_path, fake) as delivery:
        delivery.put(Record("big", b"x" * (MAX_RECORD + 1)))
        delivery.put(Record("small", b"x"))
    assert fake.ids == ["small"]
    assert delivery.counters()["dropped"] == {"too_large": 1}


def test_a_broken_spool_is_told_once_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeTransport()
    said: list[str] = []
    with delivery_of(tmp_path, fake) as delivery:
        delivery._tell = said.append

        def full(record: Record) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(delivery.spool, "append", full)
        for record in records(3):
            delivery.put(record)
        monkeypatch.undo()
        delivery.put(Record("after", b""))
    assert delivery.counters()["dropped"] == {"spool_failed": 3}
    assert len(said) == 1
    assert "No space left" in said[0]
    assert fake.ids == ["after"]


def test_a_spool_that_cannot_be_read_is_tried_again_after_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTransport()
    said: list[str] = []
    with delivery_of(tmp_path, fake) as delivery:
        delivery._tell = said.append
        n_reads, pauses = [0], [0]

        def broken(most: int) -> list[Record]:
            n_reads[0] += 1
            raise OSError(5, "Input/output error")

        def pause() -> float:
            pauses[0] += 1
            return 0.002

        monkeypatch.setattr(delivery.spool, "read", broken)
        monkeypatch.setattr(delivery._backoff, "wait_s", pause)
        delivery.put(*records(3))
        until(lambda: n_reads[0] > 3, "some tries")
        assert pauses[0] >= n_reads[0] - 1
        assert "cannot be read: Input/output error" in (delivery.count.last_error or "")
        monkeypatch.undo()
    assert fake.got == records(3)
    assert "cannot be read" in said[0]


def test_a_disk_that_cannot_be_forced_to_write_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTransport()
    said: list[str] = []
    with delivery_of(tmp_path, fake, fsync="second") as delivery:
        delivery._tell = said.append
        n_tries = [0]

        def broken() -> None:
            n_tries[0] += 1
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(delivery.spool, "sync", broken)
        for n in range(2):
            delivery._synced_at -= 2.0  # more than a second ago
            delivery.put(*records(1, start=n))
            until(lambda n=n: n_tries[0] > n and len(fake.got) > n, "what came after")  # type: ignore[misc]
        monkeypatch.undo()
    assert fake.got == records(2)
    assert len(said) == 1
    assert "cannot be forced to the disk: Input/output error" in said[0]


def test_what_is_unsure_at_the_end_is_counted(tmp_path: Path) -> None:
    fake = FakeTransport(max_batch=5, settle_s=60.0)
    delivery = delivery_of(tmp_path, fake, spool_max=1 << 20, overflow="oldest", drain_s=0)
    delivery.put(*records(10, 10_000))
    until(lambda: len(fake.got) == 10, "the first of them")
    delivery.put(*records(290, 10_000, start=10))  # the oldest leave the spool before they are sure to be received
    assert delivery._unsure > 0
    delivery.close()
    count = delivery.counters()
    assert count["sent"] == 0
    assert sum(count["dropped"].values()) + count["spooled"] == 300
    again = Spool(tmp_path)
    assert again.n_waiting == 300 - count["dropped"]["overflow_oldest"]
    again.close()


def test_a_transport_with_a_bug_does_not_end_the_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeTransport()

    def broken(batch: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(fake, "send", broken)
    with delivery_of(tmp_path, fake) as delivery:
        delivery.put(Record("a", b""))
        until(lambda: delivery.count.retried > 1, "a try that failed")
        assert "ZeroDivisionError: oops" in (delivery.count.last_error or "")
        monkeypatch.undo()
    assert fake.ids == ["a"]


@pytest.mark.parametrize("fsync", ["second", "always"])
def test_policies_of_forcing_to_disk_deliver_all_the_same(tmp_path: Path, fsync: str) -> None:
    fake = FakeTransport()
    with delivery_of(tmp_path, fake, fsync=fsync) as delivery:
        for record in records(20):
            delivery.put(record)
    assert len(fake.got) == 20


@pytest.mark.parametrize("wrong", [{"spool_max": 1000}, {"retry_first_s": 0}, {"wait_s": -1}, {"retry_most_s": 0.1}])
def test_settings_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"spool_max|retry|wait"):
        DeliverySettings(**wrong)  # type: ignore[arg-type]  # each is a number
