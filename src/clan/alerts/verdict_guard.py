"""What a verdict would do, and what speaks against it: an attack must not be taught as normal by one slip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from clan.alerts.alert import Alert
from clan.counted import counted

MOST_SHARE = 0.2
"""A benign verdict that would hide a larger share of the visible alerts is refused, once it is at least `FEW`."""
FEW = 20
MOST = 1_000
"""So many are refused whatever the share."""
_HARMLESS = {None, "unknown", "benign"}


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a benign verdict would hide.

    Attributes:
        like: The visible alerts that it would hide, the judged one among them.
        n_visible: All visible alerts.
        actors: Their originators, with how many of them each has.
        incidents: Their incidents.
        objections: What speaks against it, in words; empty where nothing does.
    """

    like: tuple[Alert, ...]
    n_visible: int
    actors: Counter[str]
    incidents: Counter[str]
    objections: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"hides {len(self.like):,} of {counted(self.n_visible, 'alert')}, of {counted(len(self.actors), 'actor')} "
            f"in {counted(len(self.incidents), 'incident')}"
        )


def effect_of(
    judged: Alert, like: Sequence[Alert], *, n_visible: int, malicious_nearby: Sequence[str], patterns: dict[str, str]
) -> Effect:
    """Weigh a benign verdict.

    Args:
        judged: The alert that is judged.
        like: Visible alerts that it would hide.
        n_visible: All visible alerts.
        malicious_nearby: Ids of alerts near it that somebody judged malicious.
        patterns: Incident id to its pattern, for the incidents of `like` and `judged`.
    """
    actors = Counter(alert.src_ip or "?" for alert in like)
    incidents = Counter(alert.incident_id or "none" for alert in like)
    labels = Counter(alert.label for alert in like if alert.label not in _HARMLESS)
    objections = []
    if malicious_nearby:
        objections.append(f"contradicts the verdict malicious on {', '.join(malicious_nearby[:5])}")
    others = sum(count for actor, count in actors.items() if actor != (judged.src_ip or "?"))
    if others:
        number = len(actors) - ((judged.src_ip or "?") in actors)
        objections.append(f"would hide {counted(others, 'alert')} of {counted(number, 'other actor')}")
    own = patterns.get(judged.incident_id or "")
    found = {patterns[name] for name in incidents if name in patterns}
    if found - {own}:
        objections.append(f"would hide alerts of other patterns ({', '.join(sorted(found - {own})).replace('_', ' ')})")
    if labels:
        names = ", ".join(sorted(str(name) for name in labels))
        objections.append(f"would hide {counted(labels.total(), 'alert')} named {names[:120]}")
    if len(like) >= MOST or (len(like) >= FEW and len(like) > MOST_SHARE * n_visible):
        objections.append(f"would hide {len(like):,} of {counted(n_visible, 'alert')} at once")
    return Effect(
        like=tuple(like), n_visible=n_visible, actors=actors, incidents=incidents, objections=tuple(objections)
    )
