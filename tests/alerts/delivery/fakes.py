"""A receiver that can be stopped, for the tests of deliveries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from clan.alerts.delivery import Backoff, Record
from clan.errors import SinkError


class FakeTransport:
    """Takes records while `up`; refuses those in `refused`; waits in `send` while `gate` is closed."""

    def __init__(self, *, inline: bool = False, settle_s: float = 0.0, max_batch: int = 10) -> None:
        self.place, self.inline, self.settle_s, self.max_batch = "fake:1", inline, settle_s, max_batch
        self.up, self.connected = True, True
        self.refused: set[str] = set()
        self.got: list[Record] = []
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.n_tries = 0

    def send(self, batch: Sequence[Record]) -> None:
        """Take or refuse."""
        self.n_tries += 1
        self.waiting.set()
        assert self.gate.wait(60)
        if not self.up:
            raise SinkError("fake:1 is away")
        if any(record.id in self.refused for record in batch):
            raise SinkError("fake:1 refuses it", retryable=False)
        self.got += batch
        self.batches.append(len(batch))

    def check(self) -> bool:
        """See whether it is connected."""
        if not self.connected:
            self.connected = True
            raise SinkError("fake:1 hung up")
        return True

    def confirm(self) -> None:
        """As `check`."""
        self.check()

    def reopen(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    @property
    def ids(self) -> list[str]:
        """What was received, in order."""
        return [record.id for record in self.got]


class NoPause(Backoff):
    """Tries again almost at once."""

    def wait_s(self) -> float:
        """Next to nothing."""
        return 0.002


def records(n: int, size: int = 100, start: int = 0) -> list[Record]:
    """Numbered records."""
    return [Record(f"r{i}", bytes([i % 251]) * size) for i in range(start, start + n)]


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that another thread does; fails when it has not happened in a minute."""
    pause = threading.Event()
    for _ in range(30_000):
        if true():
            return
        pause.wait(0.002)
    raise AssertionError(f"still waiting for: {what}")
