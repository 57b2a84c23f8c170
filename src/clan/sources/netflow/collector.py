"""From datagrams to records: whose they are, which template reads them, and what was lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from clan.sources.netflow.datagram import Datagram, RecordSet, TemplateSpec
from clan.sources.netflow.domain import Domain
from clan.sources.netflow.held_templates import HeldTemplates
from clan.sources.netflow.ipfix import read_ipfix
from clan.sources.netflow.record import RECORD, Sent, make_records
from clan.sources.netflow.template import Template
from clan.sources.netflow.v5 import TEMPLATE, read_v5
from clan.sources.netflow.v9 import read_v9
from clan.sources.netflow.waiting import WaitingSets

READERS: Final[dict[int, Callable[[bytes], Datagram | None]]] = {5: read_v5, 9: read_v9, 10: read_ipfix}
MAX_DOMAINS: Final = 256
"""Observation domains of one exporter; datagrams of further ones are refused and counted."""


class _Waiting(NamedTuple):
    """Records whose template is known and which are to be read with others of theirs."""

    template: Template
    data: bytes
    n: int
    exported_us: int
    boot_us: int
    rate: int
    domain: Domain
    order: int


@dataclass(slots=True)
class Collector:
    """The records of one exporter.

    Attributes:
        counts: What became of everything.
        early: Keeps records that come before their template; one for all exporters, so that it bounds them together.
        held: Bounds the templates; one for all exporters, too.
    """

    counts: Counter[str] = field(default_factory=Counter)
    early: WaitingSets = field(default_factory=WaitingSets)
    held: HeldTemplates = field(default_factory=HeldTemplates)
    _domains: dict[tuple[int, int], Domain] = field(default_factory=dict)
    _waiting: list[_Waiting] = field(default_factory=list)
    _order: int = 0

    def feed(self, data: bytes) -> int:
        """Take a datagram; gives how many records it brought, those that wait for a template left out."""
        self.counts["datagrams"] += 1
        self.counts["datagram_bytes"] += len(data)
        version = int.from_bytes(data[:2], "big")
        if version not in READERS:
            self.counts["unsupported_datagrams"] += 1
            return 0
        datagram = READERS[version](data)
        domain = self._domain(datagram)
        if datagram is None or domain is None:
            return 0
        if datagram.damage is not None:
            self.counts["malformed_datagrams"] += 1
        domain.hear(datagram)
        brought, countable, before = 0, True, self.counts["options_records"]
        for part in datagram.parts:
            ready = domain.announce(part) if isinstance(part, TemplateSpec) else [part]
            for records in ready:
                n = self._take(records, domain, datagram)
                countable &= n is not None
                # those that waited were sent with another datagram, and do not count for the sequence of this one
                brought += (n or 0) if records is part else 0
        options = self.counts["options_records"] - before
        steps = (1,) if version == 9 else (brought, brought - options)
        domain.check_sequence(datagram, steps if countable else None)
        return brought

    def _domain(self, datagram: Datagram | None) -> Domain | None:
        """Find what is remembered of a datagram's domain; None where there is no room for another one."""
        if datagram is None:
            self.counts["malformed_datagrams"] += 1
            return None
        key = datagram.version, datagram.domain
        if key not in self._domains:
            if len(self._domains) >= MAX_DOMAINS:
                self.counts["refused_datagrams"] += 1
                return None
            self._domains[key] = Domain(self.counts, self.early, self.held)
        domain = self._domains[key]
        if datagram.version == 5 and not domain.templates:  # nobody announces it
            domain.announce(TEMPLATE)
        return domain

    def _take(self, records: RecordSet, domain: Domain, datagram: Datagram) -> int | None:
        """Keep a set for reading, with those of its template; gives its records, None where nobody can count them."""
        if not records.data:
            self.counts["empty_sets"] += 1
            return 0
        template = domain.templates.get(records.template_id)
        if template is None:
            domain.wait(records)
            return None
        data = template.fixed(records.data)
        n = len(data) // template.length
        if template.options:
            self._hear_options(template, data, domain)
            self.counts["options_records"] += n
            return n
        if n:
            sent = datagram.exported_us, domain.boot_us or 0
            self._waiting.append(_Waiting(template, data, n, *sent, domain.rate_of_unnamed(), domain, self._order))
        self._order += n
        self.counts["records"] += n
        return n

    def _hear_options(self, template: Template, data: bytes, domain: Domain) -> None:
        """Learn sampling rates, and when the exporter started, from options records."""
        read = {name: values.tolist() for name, values in template.numbers(data).items() if values.ndim == 1}
        n = len(data) // template.length
        for i in range(min(n, 256)):  # options are few; a set of more is no honest one
            rate = _rate({name: values[i] for name, values in read.items()})
            if "boot_ms" in read and 0 < read["boot_ms"][i] < 1 << 42:
                domain.learn_boot(read["boot_ms"][i] * 1000)
            if rate is not None:
                domain.learn_sampling(read["sampler"][i] if "sampler" in read else None, rate)

    def take(self) -> pl.DataFrame:
        """Give the records that came since the last time, in their order; columns as `RECORD`."""
        waiting, self._waiting = sorted(self._waiting, key=lambda w: id(w.template)), []
        frames = []
        for _, group in groupby(waiting, key=lambda w: id(w.template)):
            frame, notes = _read(list(group))
            frames.append(frame)
            self.counts.update({name: count for name, count in notes.items() if count})
        return pl.concat(frames).sort("order") if frames else pl.DataFrame(schema=RECORD)

    def finish(self) -> None:
        """Count what still waits for a template."""
        for domain in self._domains.values():
            domain.give_up_waiting()

    def sampling(self) -> set[int]:
        """Give the sampling rates above 1 that have been seen."""
        rates = {rate for d in self._domains.values() for rate in (d.sampling, *d.samplers.values())}
        return {rate for rate in rates if rate > 1}


def _read(sets: list[_Waiting]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Read all records of one template at once."""
    template = sets[0].template
    counts = np.array([s.n for s in sets])
    read = template.numbers(b"".join(s.data for s in sets))

    def of_each(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.repeat(np.array(values, np.int64), counts)

    first = of_each([s.order for s in sets])
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    rate = of_each([s.rate for s in sets])
    if "sampler" in read:
        rate = _rate_of_samplers(read["sampler"], sets, counts, rate)
    if "one_in" in read:
        own = np.minimum(read["one_in"], np.uint64(1 << 20)).astype(np.int64)
        rate = np.where(own > 1, own, rate)
    sent = Sent(of_each([s.exported_us for s in sets]), of_each([s.boot_us for s in sets]), rate, first + within)
    return make_records(read, sent)


def _rate_of_samplers(
    sampler: np.ndarray[tuple[int], np.dtype[np.uint64]],
    sets: list[_Waiting],
    counts: np.ndarray[tuple[int], np.dtype[np.int64]],
    rate: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Look up the rates of records that name their sampler."""
    out = rate.copy()
    domains = {id(s.domain): s.domain for s in sets}
    whose = np.repeat(np.array([id(s.domain) for s in sets]), counts)
    for key, domain in domains.items():
        for name, known in domain.samplers.items():
            out[(whose == key) & (sampler == np.uint64(name))] = known
    return out


def _rate(options: dict[str, int]) -> int | None:
    """Give the sampling rate that an options record tells, if it does; at most 2^20."""
    rate = options.get("one_in")
    taken = options.get("sample_taken", 0)
    if rate is None and taken > 0:
        if "sample_passed" in options:  # so many taken, then so many passed over
            rate = round((taken + options["sample_passed"]) / taken)
        elif "sample_of" in options:
            rate = round(options["sample_of"] / taken)
    return min(max(rate, 1), 1 << 20) if rate is not None else None
