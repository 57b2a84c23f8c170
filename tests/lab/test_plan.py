"""A seed means one plan: users and attacks are drawn before anything runs, bounded, and apart where they must be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from lab.attacks import BEHAVIOURS, attack_plan, confusing
from lab.errors import LabError
from lab.plan import Clock, benign_plan
from lab.site import Site
from lab.sites import SITES, site_called

CLOCK = Clock(seconds=300)
both = pytest.mark.parametrize("site", SITES.values(), ids=list(SITES))


@both
def test_a_seed_is_one_plan(site: Site) -> None:
    assert benign_plan(site, 5, CLOCK) == benign_plan(site, 5, CLOCK) != benign_plan(site, 6, CLOCK)
    assert attack_plan(site, 5, CLOCK) == attack_plan(site, 5, CLOCK) != attack_plan(site, 6, CLOCK)


@both
def test_every_class_happens_once_and_within_the_day(site: Site) -> None:
    for seed in range(5):
        plan = attack_plan(site, seed, CLOCK)
        assert sorted(each.attack.label for each in plan) == sorted(BEHAVIOURS)
        assert all(0 < each.at_s < CLOCK.seconds for each in plan)
    assert len(BEHAVIOURS) >= 15


@both
def test_attacks_are_bounded(site: Site) -> None:
    for each in attack_plan(site, 1, CLOCK):
        assert each.attack.seconds <= 420
        assert sum(map(len, each.attack.strands)) <= 80


@both
def test_attacks_from_outside_start_one_after_the_other(site: Site) -> None:
    plan = attack_plan(site, 2, CLOCK)
    for source in {each.attack.source.name for each in plan if not each.attack.source.profile}:
        times = [each.at_s for each in plan if each.attack.source.name == source]
        assert min(after - before for before, after in pairwise(times)) > 5


def test_attackers_from_outside_do_nothing_else() -> None:
    for site in SITES.values():
        outside = {host.name for host in site.segment("outside").hosts}
        attackers = {each.attack.source.name for each in attack_plan(site, 1, CLOCK)} & outside
        assert attackers
        assert attackers & {each.host for each in benign_plan(site, 1, CLOCK)} == set()


@both
def test_a_host_that_moves_on_leaves_out_what_could_be_taken_for_it(site: Site) -> None:
    without = confusing(site)
    ((host, kinds),) = without.items()
    full, part = benign_plan(site, 4, CLOCK), benign_plan(site, 4, CLOCK, without=without)
    assert {each.kind for each in part if each.host == host} & set(kinds) == set()
    assert [each for each in full if each.host != host] == [each for each in part if each.host != host]
    assert [each for each in full if each.host == host and each.kind not in kinds] == [
        each for each in part if each.host == host
    ]


def test_offices_sleep_at_night_and_sensors_do_not() -> None:
    site = SITES["alpha"]
    plan = benign_plan(site, 1, CLOCK)
    for profile, share in (("office", 0.06), ("sensor", 0.15)):
        hosts = {host.name for host in site.hosts.values() if host.profile == profile}
        hours = [CLOCK.hour(each.at_s) for each in plan if each.host in hosts]
        night = sum(hour < 5 for hour in hours) / len(hours)
        assert (night > share) is (profile == "sensor")


def test_the_clock_says_what_a_second_stands_for() -> None:
    assert CLOCK.compression == pytest.approx(288)
    assert CLOCK.hour(150) == pytest.approx(12)


def test_wrong_names_are_told() -> None:
    with pytest.raises(LabError, match="no site 'gamma'; there are alpha, beta"):
        site_called("gamma")
    with pytest.raises(LabError, match="no attack 'worm'"):
        attack_plan(SITES["alpha"], 1, CLOCK, only=["worm"])


def test_sites_differ() -> None:
    alpha, beta = SITES.values()
    assert alpha.addresses & beta.addresses == set(alpha.tunnel)
    assert alpha.resolver != beta.resolver
    assert {h.profile for h in alpha.hosts.values()} == {h.profile for h in beta.hosts.values()}
    assert min(h.path.delay_ms for h in beta.segment("outside").hosts) > max(
        h.path.delay_ms for h in alpha.segment("outside").hosts
    )
