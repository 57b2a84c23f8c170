"""How hard to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clan.errors import ConfigError

Fsync = Literal["never", "second", "always"]
Overflow = Literal["wait", "newest", "oldest"]


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """Settings of the spool and of the tries.

    Attributes:
        spool: Folder of the spools, in which each sink has its own; None: the state folder of the user.
        spool_max: Most bytes on disk for one sink, >= 1 MiB.
        fsync: When the spool is forced to the disk: `never`, once a `second`, or `always` before a record counts as
            taken. What was taken survives the end of the process in any case; this is about the end of the machine.
        overflow: What gives way in a full spool: `newest`, `oldest`, or `wait` for room and then the newest.
        wait_s: Longest time that detection waits for room, with `wait`; once for each time that the spool is full.
        retry_first_s: Upper end of the first wait before another try.
        retry_most_s: Its cap.
        drain_s: How long closing waits for what is still in the spool to be sent.
    """

    spool: str | None = None
    spool_max: int = 256 << 20
    fsync: Fsync = "never"
    overflow: Overflow = "wait"
    wait_s: float = 5.0
    retry_first_s: float = 0.5
    retry_most_s: float = 60.0
    drain_s: float = 10.0

    def __post_init__(self) -> None:
        if self.spool_max < 1 << 20:
            raise ConfigError(f"spool_max must be at least 1 MiB, got {self.spool_max} bytes")
        if not 0 < self.retry_first_s <= self.retry_most_s:
            raise ConfigError(
                f"retry_first must be above 0 and at most retry_most, got {self.retry_first_s:g} s and "
                f"{self.retry_most_s:g} s"
            )
        if self.wait_s < 0 or self.drain_s < 0:
            raise ConfigError("wait and drain are times in seconds, 0 or more")
