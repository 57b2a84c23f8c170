"""Which attacks there are on a day, from where, and when."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass

from lab.attacks.attack import MOST_COMMANDS, MOST_SECONDS, Attack, Behaviour, Stage
from lab.attacks.floods import FLOODS
from lab.attacks.guessing import GUESSING
from lab.attacks.inside import INSIDE
from lab.attacks.requests import REQUESTING
from lab.attacks.scans import SCANS
from lab.command import Activity
from lab.errors import LabError
from lab.plan import Clock
from lab.site import Host, Site

BEHAVIOURS: dict[str, Behaviour] = SCANS | GUESSING | REQUESTING | FLOODS | INSIDE
"""Class to what draws one such attack."""

_LANES = (
    ("syn_scan", "ssh_guessing", "web_guessing", "slow_headers", "http_flood", "udp_scan"),
    ("connect_scan", "ftp_guessing", "sql_injection", "cross_site_scripting", "slow_body", "syn_flood", "heartbeat"),
    ("beacon",),
    ("dns_tunnel", "icmp_tunnel", "exfiltration"),
    ("lateral_movement", "slow_scan"),
    ("mining",),
)
"""Attacks of one source each, one after the other; the first two come from outside."""
_OUTSIDE_LANES = 2
_FIRST, _LAST = 0.1, 0.97
"""Part of the day in which attacks begin and end: nobody attacks in the first hours, so that the tool can settle."""
CONFUSING = ("remote", "terminal", "copy")
"""Actions that a host leaves out for the day if it is one that moves on by ssh: they could not be told from that."""


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """An attack and when it starts.

    Attributes:
        at_s: In seconds after the start of the recording.
        attack: What is done.
    """

    at_s: float
    attack: Attack

    def activities(self, number: int) -> list[Activity]:
        """Give its strands as activities of the source; `number` tells attacks of a day apart."""
        kind = f"attack {number} {self.attack.label}"
        source = self.attack.source.name
        return [Activity(at_s=self.at_s, host=source, kind=kind, commands=each) for each in self.attack.strands]


def attack_plan(site: Site, seed: int, clock: Clock, *, only: Collection[str] | None = None) -> list[Scheduled]:
    """Draw the attacks of a day.

    Args:
        site: Whose hosts attack and are attacked.
        seed: Of the order and all draws.
        clock: How long the day takes.
        only: Classes; None for all.

    Returns:
        In order of time; attacks of one source never overlap.

    Raises:
        LabError: There is no class of that name.
        ConfinementError: An attack names anything but the site's hosts.
    """
    if unknown := sorted(set(only or ()) - set(BEHAVIOURS)):
        raise LabError(f"there is no attack {unknown[0]!r}; there are {', '.join(BEHAVIOURS)}")
    rng = random.Random(f"{seed}/{site.name}/attacks")
    found: list[Scheduled] = []
    for lane, source in zip(_LANES, _sources(site), strict=True):
        wanted = [name for name in rng.sample(lane, len(lane)) if only is None or name in only]
        attacks = [BEHAVIOURS[name](Stage(rng=rng, site=site, source=source)) for name in wanted]
        found += _spread(attacks, rng, clock)
    for scheduled in found:
        _check_bounds(scheduled.attack)
        scheduled.attack.check(site)
    return sorted(found, key=lambda each: each.at_s)


def confusing(site: Site) -> dict[str, tuple[str, ...]]:
    """Host to the benign actions that it leaves out on a day with attacks."""
    return {_sources(site)[4].name: CONFUSING}


def _sources(site: Site) -> list[Host]:
    """Who attacks in each lane: two hosts outside that do nothing else, then office desks that were taken over."""
    world = [host for host in site.segment("outside").hosts if not host.profile and not host.names]
    desks = [host for host in site.segment("clients").hosts if host.profile == "office"]
    inner = [desks[number % len(desks)] for number in (0, 1, 1, 0)]
    if len(desks) > 3:
        inner = [desks[0], desks[1], desks[2], desks[3]]
    return [*world[:_OUTSIDE_LANES], *inner]


def _spread(attacks: list[Attack], rng: random.Random, clock: Clock) -> list[Scheduled]:
    """Place attacks one after the other over the day, with what time is left between them at random."""
    if not attacks:
        return []
    begin, end = _FIRST * clock.seconds, _LAST * clock.seconds
    usual = [_usual_s(attack) for attack in attacks]
    spare = max(0.0, end - begin - sum(usual))
    cuts = sorted(rng.uniform(0, spare) for _ in attacks)
    return [
        Scheduled(at_s=round(begin + cut + sum(usual[:number]), 3), attack=attack)
        for number, (attack, cut) in enumerate(zip(attacks, cuts, strict=True))
    ]


def _usual_s(attack: Attack) -> float:
    """How long an attack usually takes, settling included; short commands rarely take all the time they may."""
    longest = 0.0
    for strand in attack.strands:
        many = len(strand) > 5
        longest = max(longest, sum(each.after_s + (0.35 if many else each.seconds) for each in strand))
    return longest + 2.0


def _check_bounds(attack: Attack) -> None:
    commands = [command for strand in attack.strands for command in strand]
    if len(commands) > MOST_COMMANDS or max(command.seconds for command in commands) > MOST_SECONDS:
        raise LabError(f"{attack.label} is not bounded: at most {MOST_COMMANDS} commands of {MOST_SECONDS:g} s")
