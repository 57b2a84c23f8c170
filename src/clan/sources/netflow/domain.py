"""What is remembered of one observation domain of one exporter: templates, sampling, clock, sequence."""

from __future__ import annotations

from collections import Counter
from typing import Final

from clan.sources.netflow.datagram import Datagram, RecordSet, TemplateSpec
from clan.sources.netflow.held_templates import HeldTemplates
from clan.sources.netflow.template import Template, make_template
from clan.sources.netflow.waiting import WaitingSets

MAX_TEMPLATES: Final = 1024
"""Templates of a domain; further ones are refused and counted."""
MAX_SAMPLERS: Final = 256
_RESTART: Final = 1 << 20
"""A sequence that jumps by more than this is another sequence."""
_CLOCK_SLACK_US: Final = 1_500_000
"""By how much the start of an exporter may seem to move, since v9 tells the time in whole seconds."""


class Domain:
    """One observation domain.

    Args:
        counts: Where what happens is counted.
        waiting: Keeps records until their template comes, together with those of other domains.
        held: Bounds the templates of all domains together.
    """

    def __init__(self, counts: Counter[str], waiting: WaitingSets, held: HeldTemplates) -> None:
        self.templates: dict[int, Template] = {}
        self.samplers: dict[int, int] = {}
        """Sampler to its rate."""
        self.sampling = 1
        """Rate of records that name no sampler."""
        self.boot_us: int | None = None
        self._counts = counts
        self._before: tuple[int, tuple[int, ...] | None] | None = None  # the last sequence, and how far it moved
        self._waiting, self._held = waiting, held
        self._uptime_ms = 0

    def announce(self, spec: TemplateSpec) -> list[RecordSet]:
        """Take a template or its withdrawal; gives the sets that waited for it."""
        if not spec.fields:
            self._withdraw(spec)
            return []
        template = make_template(spec.fields, options=spec.options)
        if template is None or (spec.template_id not in self.templates and len(self.templates) >= MAX_TEMPLATES):
            self._counts["refused_templates"] += 1
            return []
        known = self.templates.get(spec.template_id)
        if known is None or not _same(known, template):  # what waits to be read keeps the template that it came with
            self.templates[spec.template_id] = template
        self._held.announced(self, spec.template_id, template, self._counts)
        return self._waiting.take(self, spec.template_id)

    def _withdraw(self, spec: TemplateSpec) -> None:
        """Forget a template, or all of a kind where the number is that of the set itself."""
        of_kind = [number for number, template in self.templates.items() if template.options == spec.options]
        for number in [spec.template_id] if spec.template_id >= 256 else of_kind:
            self.templates.pop(number, None)
            self._held.forget(self, number)

    def wait(self, records: RecordSet) -> None:
        """Keep records until their template comes."""
        self._waiting.add(self, records, self._counts)

    def give_up_waiting(self) -> None:
        """Count what still waits for a template as lost."""
        self._counts["sets_without_template"] += self._waiting.give_up(self)

    def hear(self, datagram: Datagram) -> None:
        """Follow clock and sampling of an exporter by the header of a datagram."""
        if datagram.sampling > 1:
            self.sampling = datagram.sampling
        if datagram.boot_us is None:
            return
        # v9 cuts off fractions of a second, so that the latest start that was computed is the nearest
        if self.boot_us is None or abs(datagram.boot_us - self.boot_us) > _CLOCK_SLACK_US:
            self.boot_us = datagram.boot_us
        else:
            self.boot_us = max(self.boot_us, datagram.boot_us)

    def learn_sampling(self, sampler: int | None, rate: int) -> None:
        """Remember the rate of a sampler, or of all records."""
        if sampler is None:
            self.sampling = rate
        elif sampler in self.samplers or len(self.samplers) < MAX_SAMPLERS:
            self.samplers[sampler] = rate

    def rate_of_unnamed(self) -> int:
        """Give the rate of records that name no sampler: that of the domain, or that all samplers agree on."""
        if self.sampling == 1 and self.samplers and len(set(self.samplers.values())) == 1:
            return next(iter(self.samplers.values()))
        return self.sampling

    def learn_boot(self, boot_us: int) -> None:
        """Remember when the exporter started, where an options record tells it (IPFIX element 160)."""
        self.boot_us = boot_us

    def check_sequence(self, datagram: Datagram, steps: tuple[int, ...] | None) -> None:
        """Count what a gap in the sequence says was lost.

        Args:
            datagram: The datagram, whose own number is looked at.
            steps: By how much it moves the sequence, first as the standard says, then as some exporters count: 1 (v9),
                its records (v5, IPFIX) with and without those of options. None where they cannot be counted.
        """
        before, self._before = self._before, (datagram.sequence, steps)
        restarted = datagram.uptime_ms is not None and datagram.uptime_ms + 60_000 < self._uptime_ms
        self._uptime_ms = datagram.uptime_ms or 0
        if before is None:
            return
        if restarted:
            self._counts["exporter_restarts"] += 1
            return
        moved = (datagram.sequence - before[0]) & 0xFFFFFFFF
        if before[1] is None or steps is None or moved in before[1] or moved in steps:
            return  # some exporters count the records of a datagram before they number it
        unit = "lost_datagrams" if datagram.version == 9 else "lost_records"
        gap = moved - before[1][0]
        if 0 < gap < _RESTART:
            self._counts[unit] += gap
            self._counts["sequence_gaps"] += 1
        elif (1 << 32) - moved < _RESTART:  # one that was overtaken, and counted as lost
            self._counts["late_datagrams"] += 1
            self._counts[unit] = max(self._counts[unit] - steps[0], 0)
            self._before = before
        elif gap > 0:
            self._counts["exporter_restarts"] += 1


def _same(one: Template, other: Template) -> bool:
    """Whether two templates read the same: exporters repeat theirs every minute."""
    if one.walk is not None and other.walk is not None:
        walks = one.walk.shape == other.walk.shape and bool((one.walk == other.walk).all())
    else:
        walks = one.walk is other.walk
    return walks and (one.length, one.places, one.options) == (other.length, other.places, other.options)
