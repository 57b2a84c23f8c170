"""Counters say what became of every record: emitted and recovered ones are sent, dropped or still there."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.delivery.fakes import FakeTransport, NoPause, records, until

from clan.alerts.delivery import Delivery, DeliverySettings, Spool


@settings(max_examples=15)
@given(
    st.lists(st.sampled_from(["put", "down", "up", "refuse"]), min_size=5, max_size=40),
    st.sampled_from(["newest", "oldest", "wait"]),
)
def test_the_books_balance(steps: list[str], overflow: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        fake = FakeTransport(max_batch=4)
        chosen = DeliverySettings(spool_max=1 << 20, overflow=overflow, wait_s=0.01, drain_s=30)  # type: ignore[arg-type]  # one of three
        delivery = Delivery(fake, Spool(Path(name), max_bytes=1 << 20), chosen, backoff=NoPause())
        put = 0
        for step in steps:
            if step == "put":
                for record in records(20, 20_000, start=put):
                    delivery.put(record)
                put += 20
            elif step == "refuse":
                fake.refused.add(f"r{put + 1}")
            else:
                fake.up = step == "up"
        fake.up = True
        until(lambda: delivery.n_waiting == 0, "the end of the spool")
        delivery.close()
        count = delivery.count
        assert count.emitted == put == count.sent + count.n_dropped
        assert count.sent == len(set(fake.ids))
