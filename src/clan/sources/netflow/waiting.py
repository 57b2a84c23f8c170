"""Sets of records that wait for their template, those of all exporters under one bound."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING, Final

from clan.sources.netflow.datagram import RecordSet

if TYPE_CHECKING:
    from clan.sources.netflow.domain import Domain

WAITING_BYTES: Final = 64 << 20
"""Memory of all sets that wait; the oldest give way, counted."""
SET_BYTES: Final = 1200
"""What a set takes besides its records, where each is of another template: then most."""


class WaitingSets:
    """What waits, the oldest first, whosever it is: anybody can send sets, so a bound of each sender would be none.

    Args:
        most_bytes: Memory that it may take.
    """

    def __init__(self, most_bytes: int = WAITING_BYTES) -> None:
        self.n_bytes = 0
        """Memory that it takes, as it is counted."""
        self._most = most_bytes
        self._sets: OrderedDict[int, tuple[Domain, RecordSet, Counter[str]]] = OrderedDict()
        self._of: dict[Domain, dict[int, deque[int]]] = {}  # numbers of sets by domain and template, the oldest first
        self._n = 0

    def add(self, domain: Domain, records: RecordSet, counts: Counter[str]) -> None:
        """Keep a set of a domain; what gives way for it is counted where it came from."""
        counts["sets_before_template"] += 1
        self._sets[self._n] = domain, records, counts
        self._of.setdefault(domain, {}).setdefault(records.template_id, deque()).append(self._n)
        self._n += 1
        self.n_bytes += len(records.data) + SET_BYTES
        while self.n_bytes > self._most:
            number, (whose, oldest, where) = next(iter(self._sets.items()))
            self._of[whose][oldest.template_id].popleft()
            self._tidy(whose, oldest.template_id)
            self._remove(number)
            where["sets_without_template"] += 1

    def take(self, domain: Domain, template_id: int) -> list[RecordSet]:
        """Give what waited for a template of a domain, in its order."""
        numbers = self._of.get(domain, {}).pop(template_id, ())
        self._tidy(domain, template_id)
        return [self._remove(number) for number in numbers]

    def give_up(self, domain: Domain) -> int:
        """Forget what waits of a domain; gives how many sets it was."""
        waiting = self._of.pop(domain, {})
        return len([self._remove(number) for numbers in waiting.values() for number in numbers])

    def _remove(self, number: int) -> RecordSet:
        _, records, _ = self._sets.pop(number)
        self.n_bytes -= len(records.data) + SET_BYTES
        return records

    def _tidy(self, domain: Domain, template_id: int) -> None:
        """Forget keys of nothing."""
        of_domain = self._of.get(domain)
        if of_domain is not None and not of_domain.get(template_id):
            of_domain.pop(template_id, None)
            if not of_domain:
                del self._of[domain]
