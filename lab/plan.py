"""The benign day: what each host does and when, drawn before anything runs, so that a seed means one plan."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lab.actions import ACTIONS, Scene
from lab.command import Activity
from lab.profile import PROFILES, Profile
from lab.site import Host, Site

DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One recording stands for one day.

    Attributes:
        seconds: Length of the recording.
    """

    seconds: float

    @property
    def compression(self) -> float:
        """How many seconds of the day a second of the recording stands for."""
        return DAY_S / self.seconds

    def hour(self, at_s: float) -> float:
        """Hour of the day, in [0, 24), at a second of the recording."""
        return 24 * (at_s / self.seconds % 1)


def benign_plan(
    site: Site, seed: int, clock: Clock, *, without: Mapping[str, Collection[str]] | None = None
) -> list[Activity]:
    """Draw the day of every host that has a profile.

    Args:
        site: Whose hosts.
        seed: Of all draws; each host has a stream of its own.
        clock: How long the day takes.
        without: Host to actions that it leaves out, because an attack from it could not be told from them.

    Returns:
        Activities in order of time.
    """
    left_out = without or {}
    found = [
        activity
        for host in site.hosts.values()
        if host.profile
        for activity in _day(site, host, seed, clock, left_out.get(host.name, ()))
    ]
    return sorted(found, key=lambda each: (each.at_s, each.host))


def _day(site: Site, host: Host, seed: int, clock: Clock, without: Collection[str]) -> list[Activity]:
    rng = random.Random(f"{seed}/{site.name}/{host.name}")
    profile = PROFILES[host.profile]
    scene = Scene(rng=rng, site=site, host=host)
    names, weights = list(profile.weights), list(profile.weights.values())
    found = []
    at_s = rng.uniform(0, profile.period_s or site.think_s)
    while at_s < clock.seconds:
        kind = rng.choices(names, weights)[0]
        commands = tuple(ACTIONS[kind](scene))  # drawn even where it is left out, so that the rest stays the same
        if kind not in without:
            found.append(Activity(at_s=round(at_s, 3), host=host.name, kind=kind, commands=commands))
        at_s += _pause_s(rng, profile, site, clock.hour(at_s))
    return found


def _pause_s(rng: random.Random, profile: Profile, site: Site, hour: float) -> float:
    """Draw the pause until the next activity: by the clock, or exponential with the mean of this hour."""
    if profile.period_s is not None:
        return profile.period_s * rng.uniform(0.9, 1.1)
    busy = profile.hours[int(hour)] / 100
    mean_s = site.think_s / (profile.pace * max(busy, 0.01))
    return min(rng.expovariate(1 / mean_s), 3 * site.think_s / profile.pace / 0.1)
