"""What was read: counts, warnings, and what was passed over, of all streams together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from clan.counted import counted
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
    "malformed_datagrams",
    "unsupported_datagrams",
    "refused_datagrams",
    "kernel_dropped_datagrams",
    "lost_datagrams",
    "lost_records",
    "sets_without_template",
    "refused_templates",
    "records_without_addresses",
    "duplicate_records",
    "malformed_records",
    "overlong_lines",
    "records_of_other_types",
    "malformed_records_beside",
    "forgotten_alerts",
    "unreadable_files",
    "files_gone_meanwhile",
)
"""The counters that say what is in no flow: packets, records, and what belongs to them."""
NO_LOSSES = frozenset(COUNTERS) - set(_REASONS) | {
    "context_backward_clock",
    "context_evictions",
    "context_restarts",
    "datagram_bytes",
    "datagrams",
    "empty_lines",
    "empty_sets",
    "exporter_restarts",
    "forgotten_templates",
    "late_datagrams",
    "late_records",
    "options_records",
    "other_events",
    "records",
    "records_not_waited_for",
    "records_with_impossible_times",
    "records_without_times",
    "redis_failures",
    "repeated_headers",
    "rotations",
    "sampled_records",
    "sequence_gaps",
    "sets_before_template",
    "truncations",
    "unjoined_records",
}
"""The counters that say something else; those of events by their type (`..._events`) are some more."""

_WHERE = {"packets": "capture", "records": "stream"}

_OTHER = {
    "bad_packet_blocks": "packet blocks that contradict themselves",
    "kernel_dropped_packets": "packets that the kernel dropped because the capture tool did not take them in time",
    "malformed_datagrams": "datagrams that contradict themselves",
    "unsupported_datagrams": "datagrams that are neither NetFlow v5, v9 nor IPFIX",
    "refused_datagrams": "datagrams of more exporters or domains than are told apart",
    "kernel_dropped_datagrams": "datagrams that the kernel dropped because clan did not take them in time",
    "lost_datagrams": "datagrams that did not arrive, by the exporters' own count",
    "lost_records": "records that did not arrive, by the exporters' own count",
    "sets_without_template": "sets of records whose template did not come",
    "refused_templates": "templates that no record can follow",
    "records_without_addresses": "records without addresses",
    "duplicate_records": "records that came twice",
    "malformed_records": "records that cannot be read",
    "overlong_lines": "lines that are too long to be records",
    "records_of_other_types": "records that are no flows",
    "malformed_records_beside": "records of logs beside that cannot be read",
    "forgotten_alerts": "alerts of Suricata that were given up before the flow ended",
    "unreadable_files": "files that nfdump cannot read",
    "files_gone_meanwhile": "rotated logs that were not found again",
}
"""Meaning of the counters that are not the flow engine's."""
_VERBS = (
    ("s that carry", " that carries"),
    ("s that contradict themselves", " that contradicts itself"),
    ("s that are too long to be records", " that is too long to be a record"),
    ("s that are no flows", " that is no flow"),
    ("s that are", " that is"),
    ("flows that were still", "flow that was still"),
    ("alerts of Suricata that were", "alert of Suricata that was"),
    ("logs that were not", "log that was not"),
)
"""Verbs behind the first noun of a meaning, of many and of one."""


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

    @property
    def unit(self) -> str:
        """What was counted: packets or records."""
        return "records" if "records" in self.counts else "packets"

    def why_no_flows(self) -> str:
        """Say what became of the input, for the message that there is no flow."""
        n = counted(self.counts[self.unit], self.unit.removesuffix("s"))
        parts = [f"{n} in {counted(self.streams, _WHERE[self.unit])}"]
        parts += [told(r, self.counts[r]) for r in _REASONS if self.counts[r]]
        parts += [f"{path}: {reason}" for path, reason in list(self.skipped.items())[:5]]
        parts += self.warnings[:5]
        return "no flows were read: " + "; ".join(parts)

    def losses(self) -> dict[str, int]:
        """List the counters of what is in no flow, those above zero."""
        return {reason: self.counts[reason] for reason in _REASONS if self.counts[reason]}


def told(counter: str, n: int) -> str:
    """Write what a counter has counted.

    Example:
        >>> told("records_without_addresses", 2_000), told("malformed_datagrams", 1)
        ('2,000 records without addresses', '1 datagram that contradicts itself')
    """
    meaning = COUNTERS.get(counter) or _OTHER.get(counter) or counter.replace("_", " ")
    return f"{n:,} {_one(meaning) if n == 1 else meaning}"


def _one(meaning: str) -> str:
    """Say of one what is said of many: its first noun, and the verb right behind it."""
    for many, one in _VERBS:
        if many in meaning:
            return meaning.replace(many, one)
    return re.sub(r"s\b", "", meaning, count=1)
