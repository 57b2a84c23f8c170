"""The templates of all exporters under one bound."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Final

from clan.sources.netflow.template import Template

if TYPE_CHECKING:
    from clan.sources.netflow.domain import Domain

TEMPLATE_BYTES: Final = 64 << 20
"""Memory of all templates: some fifty thousand; those that were announced the longest ago give way, counted."""
_OBJECT: Final = 900
_PLACE: Final = 130
"""Bytes of a template, and of each element in it, besides what its walk takes."""


class HeldTemplates:
    """Which templates are remembered, those announced the longest ago first, whosever they are.

    Anybody can announce templates in the name of many exporters, so a bound of each would be none. Exporters repeat
    theirs every minute or so: an honest one that had to give way is back soon.

    Args:
        most_bytes: Memory that they may take.
    """

    def __init__(self, most_bytes: int = TEMPLATE_BYTES) -> None:
        self.n_bytes = 0
        """Memory that they take, as it is counted."""
        self._most = most_bytes
        self._held: OrderedDict[tuple[Domain, int], tuple[int, Counter[str]]] = OrderedDict()

    def announced(self, domain: Domain, template_id: int, template: Template, counts: Counter[str]) -> None:
        """Remember a template as the latest; what gives way for it is counted where it came from."""
        self.forget(domain, template_id)
        size = _OBJECT + _PLACE * len(template.places) + (0 if template.walk is None else template.walk.nbytes)
        self._held[domain, template_id] = size, counts
        self.n_bytes += size
        while self.n_bytes > self._most and len(self._held) > 1:
            (whose, oldest), (taken, its_counts) = self._held.popitem(last=False)
            self.n_bytes -= taken
            whose.templates.pop(oldest, None)
            its_counts["forgotten_templates"] += 1

    def forget(self, domain: Domain, template_id: int) -> None:
        """Take no account of a template any more."""
        self.n_bytes -= self._held.pop((domain, template_id), (0, None))[0]
