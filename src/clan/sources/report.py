"""What was read: counts, warnings, and what was passed over, of all streams together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from clan.flows import COUNTERS

_REASONS = (
    "not_ip",
    "unsupported_link_type",
    "truncated_headers",
    "malformed",
    "other_protocol",
    "orphan_fragments",
    "nested_too_deep",
    "after_close",
    "unfinished_flows",
    "bad_packet_blocks",
    "kernel_dropped_packets",
    "sampled_out_packets",
)
"""The counters that say why a packet is in no flow."""

_OTHER = {
    "bad_packet_blocks": "packet blocks that contradict themselves",
    "kernel_dropped_packets": "packets that the kernel dropped because the capture tool did not take them in time",
}
"""Meaning of the counters that are not the flow engine's."""


@dataclass(slots=True)
class ReadReport:
    """Account of a reading.

    Attributes:
        counts: Sums of the sources' counters.
        warnings: What the user should know, a sentence each.
        skipped: Files that could not be read, with the reason.
        streams: Streams that were read.
        flows: Flows that came of them.
    """

    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    streams: int = 0
    flows: int = 0

    def why_no_flows(self) -> str:
        """Say what became of the packets, for the message that there is no flow."""
        parts = [f"{self.counts['packets']:,} packets in {self.streams} captures"]
        parts += [f"{self.counts[r]:,} {_meaning(r)}" for r in _REASONS if self.counts[r]]
        parts += [f"{path}: {reason}" for path, reason in list(self.skipped.items())[:5]]
        parts += self.warnings[:5]
        return "no flows were read: " + "; ".join(parts)

    def losses(self) -> dict[str, int]:
        """List the counters of packets that are in no flow, those above zero."""
        return {reason: self.counts[reason] for reason in _REASONS if self.counts[reason]}


def _meaning(counter: str) -> str:
    """Give a counter's meaning in words."""
    return COUNTERS.get(counter) or _OTHER[counter]
