"""One sentence that a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clan.alerts import BENIGN_HIGH, HostFact, Reason
from clan.alerts.quantity import quantity
from clan.explain.hosts import Ends, shown
from clan.schema import features_of

_PHRASES: Final = {feature.name: feature.phrase for feature in features_of(["context"]) if feature.phrase}
_SHARE: Final = f"{100 * BENIGN_HIGH:g} % of benign flows"


def sentence_of(reasons: Sequence[Reason], history: Sequence[HostFact], ends: Ends) -> str:
    """Say why a flow alerts.

    What hosts did says most to a reader, so a reason of group `context` is told first, whatever its place; else the
    first reason, and after it what the hosts did if benign traffic hardly ever does as much.

    Args:
        reasons: Of the flow, the most telling first; may be empty.
        history: What its hosts did.
        ends: Its hosts.

    Returns:
        A sentence, with hosts and columns as the source spelt them, not escaped.
    """
    if not reasons:
        return f"{ends.title} is unlike benign traffic; none of its features has a benign range to compare with."
    counted = next((r for r in reasons if r.feature in _PHRASES and r.value > r.benign_high), None)
    if counted is not None:
        words = ends.say(_PHRASES[counted.feature], counted.value)
        return f"{words}; {_SHARE} see at most {shown(counted.benign_high)}."
    told = f"{ends.title}: {_words(reasons[0])}"
    if len(reasons) > 1 and not any(reason.distance > 0 for reason in reasons):
        told += "; no value is unusual by itself, their combination is"
    unusual = next((fact for fact in history if fact.unusual), None)
    return f"{told}." if unusual is None else f"{told}; before it, {unusual.words}."


def _words(reason: Reason) -> str:
    """Say one reason."""
    what = reason.meaning or reason.feature
    here = f"{what}: {quantity(reason.value, reason.unit)}"
    if reason.value > reason.benign_high:
        return f"{here}; {_SHARE} have at most {quantity(reason.benign_high, reason.unit)}"
    if reason.value < reason.benign_low:
        return f"{here}; {_SHARE} have at least {quantity(reason.benign_low, reason.unit)}"
    if reason.normal_value is not None and reason.normal_value != reason.value:
        return f"{here}; the benign flow most like it has {quantity(reason.normal_value, reason.unit)}"
    return f"{here}; usual by itself, not together with the rest"
