"""What is delivered, and what delivers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

MAX_RECORD = 1 << 20
"""Longest record in bytes. The encodings bound every text, so that theirs stay far below."""


class Record(NamedTuple):
    """One encoded alert or incident.

    Attributes:
        id: What the receiver can tell a repetition by, at most 255 bytes in UTF-8.
        body: The bytes, without an end of line.
    """

    id: str
    body: bytes


class Transport(Protocol):
    """A way to a receiver.

    Attributes:
        place: Where it leads, fit for a log: without secrets.
        inline: Whether sending is as quick as writing to a spool, so that whoever emits may send at once.
        settle_s: Seconds after which what was sent counts as received, if the connection still stands. 0 where the
            receiver confirms what it got.
        max_batch: Most records for one call of `send`, >= 1.
    """

    place: str
    inline: bool
    settle_s: float
    max_batch: int

    def send(self, batch: Sequence[Record]) -> None:
        """Deliver records, in their order; connects when it has to.

        Raises:
            SinkError: They were not all delivered. Where it is retryable, all of them will be sent again; otherwise the
                receiver refuses them.
        """

    def check(self) -> bool:
        """See whether the connection over which records were sent still stands.

        Returns:
            Whether all that was sent has arrived at the receiver's machine, as far as ours knows; True where records
            are confirmed.

        Raises:
            SinkError: It does not stand.
        """

    def confirm(self) -> None:
        """End the connection in good order and see that everything sent over it was read; see `check`.

        Raises:
            SinkError: It is not known to have been read.
        """

    def reopen(self) -> None:
        """Open a file anew, which somebody has renamed; does nothing elsewhere. Safe to call from any thread."""

    def close(self) -> None:
        """Release the connection or file; safe to call twice, and `send` may connect again."""
