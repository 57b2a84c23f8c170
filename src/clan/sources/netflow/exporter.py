"""One exporter as a stream of flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import polars as pl

from clan.counted import counted
from clan.sources.netflow.collector import Collector
from clan.sources.netflow.flow import to_flows
from clan.sources.netflow.held_templates import HeldTemplates
from clan.sources.netflow.join import WAIT_US, Joiner
from clan.sources.netflow.order import FlowOrder
from clan.sources.netflow.waiting import WaitingSets

GROUPS: Final = ("conn",)
"""Feature groups that records can tell."""
SETTINGS: Final = {"joined_within_s": WAIT_US // 1_000_000}
"""How flows are cut, as a model remembers it."""


class Exporter:
    """The flows of one exporter, in order of (`ts_end`, `uid`).

    Args:
        name: Its address; the `source` of its flows.
        wait_us: How long a direction waits for the other one.
        early: Keeps records that come before their template, for several exporters; None: for this one alone.
        held: Bounds the templates of several exporters; None: of this one alone.
    """

    def __init__(
        self, name: str, *, wait_us: int = WAIT_US, early: WaitingSets | None = None, held: HeldTemplates | None = None
    ) -> None:
        self.name = name
        self.counts = Counter[str]()
        self._collector = Collector(self.counts, early or WaitingSets(), held or HeldTemplates())
        self._joiner = Joiner(self.counts, wait_us=wait_us)
        self._order = FlowOrder(hold_us=2 * wait_us)

    @property
    def waiting(self) -> int:
        """Records and flows that are held back."""
        return self._joiner.waiting + self._order.held

    def feed(self, datagram: bytes) -> None:
        """Take a datagram."""
        self._collector.feed(datagram)

    def flows(self, now_us: int) -> Iterator[pl.DataFrame]:
        """Yield flows that may leave.

        Args:
            now_us: A clock that only goes forward.
        """
        for joined in self._joiner.add(self._collector.take(), now_us):
            yield from self._out(self._order.add(joined))
        if not self._joiner.waiting:
            yield from self._out(self._order.finish())

    def finish(self) -> Iterator[pl.DataFrame]:
        """Yield all that is left."""
        for joined in (*self._joiner.add(self._collector.take(), 0), *self._joiner.finish()):
            yield from self._out(self._order.add(joined))
        yield from self._out(self._order.finish())
        self._collector.finish()

    def _out(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for batch in batches:
            self.counts["flows"] += batch.height
            self.counts["late_flows"] = self._order.late
            yield to_flows(batch, self.name)

    def warnings(self) -> list[str]:
        """Give what the user should know."""
        rates = self._collector.sampling()
        said = []
        if rates:
            shown = ", ".join(f"1 in {rate:,}" for rate in sorted(rates)[:4])
            said.append(
                f"{self.name} samples packets ({shown}): packets and bytes are estimates, short flows are missed"
            )
        missing = self.counts["sets_without_template"]
        if missing:
            said.append(
                f"{self.name}: {counted(missing, 'set')} of records could not be read, for want of a template; "
                "let the exporter send its templates more often"
            )
        return said
