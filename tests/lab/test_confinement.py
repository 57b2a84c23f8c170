"""The lab refuses every target that is not one of its own hosts, wherever that is named."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest
from lab.attacks import BEHAVIOURS, Stage, Target, attack_plan
from lab.attacks.client import main as client
from lab.command import Activity, Command
from lab.confinement import check_command, check_here, check_namespaces, check_targets
from lab.errors import ConfinementError
from lab.plan import Clock, benign_plan
from lab.site import Site
from lab.sites import SITES
from lab.worker import Worker

from lab import __main__ as command_line
from lab import confinement

ALPHA, BETA = SITES["alpha"], SITES["beta"]
both = pytest.mark.parametrize("site", SITES.values(), ids=list(SITES))

FORBIDDEN = [
    ("nmap", "-sS", "8.8.8.8"),
    ("nmap", "-sS", "10.77.20.99"),  # inside the segment, and no host
    ("nmap", "-sS", "10.77.20.0/24"),
    ("nmap", "-sS", "10.77.20.10/24"),
    ("nmap", "-sS", "10.77.20.10-200"),
    ("nmap", "-sS", "172.29.8.5"),  # the other site's
    ("nmap", "-sS", "10.77.20.10", "example.com"),
    ("nmap", "-sS", "10.77.20.10", "134744072"),  # 8.8.8.8 as a number
    ("nmap", "-sS", "10.77.20.10", "0x08080808"),
    ("nmap", "-sS", "-iL", "targets.txt"),
    ("hydra", "-l", "x", "ssh://192.0.2.1"),
    ("siege", "http://example.com/"),
    ("siege", "http://10.77.20.10.example.com/"),
    ("hping3", "-S", "example.com"),
    ("curl", "http://user:pass@example.com/"),
    ("curl", "http://10.77.20.10@example.com/"),
    ("curl", "http://www.alpha.example.com/"),
    ("curl", "http://{www.alpha.example,example.com}/"),
    ("curl", "http://134744072/"),
    ("curl", "http://[2001:db8::1]/"),
    ("curl", "http://0x08080808/"),
    ("ping", "2001:db8:0:0::1"),
    ("ssh", "root@example.com"),
    ("chronyd", "-Q", "server 198.51.100.7 iburst"),
    ("lftp", "-c", "open ftp://ftp.example.org; ls"),
]


@pytest.mark.parametrize("argv", FORBIDDEN, ids=" ".join)
def test_forbidden_target_is_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(ConfinementError, match=r"alpha|no IPv6"):
        check_command(ALPHA, Command(argv=argv))


def test_what_a_program_is_given_to_read_is_checked_too() -> None:
    with pytest.raises(ConfinementError, match="no host of site alpha"):
        check_command(ALPHA, Command(argv=("sh",), given="ping 192.0.2.7"))


@both
def test_every_planned_command_stays_inside(site: Site) -> None:
    clock = Clock(seconds=300)
    for activity in benign_plan(site, 3, clock):
        for command in activity.commands:
            check_command(site, command)
    for scheduled in attack_plan(site, 3, clock):
        scheduled.attack.check(site)


@both
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_no_attack_can_be_turned_on_somebody_else(site: Site, name: str) -> None:
    import random

    source = site.segment("outside").hosts[0]
    attack = BEHAVIOURS[name](Stage(rng=random.Random(0), site=site, source=source))
    attack.check(site)
    stranger = replace(attack, targets=(Target(address="192.0.2.1", port=80, protocol=6),))
    with pytest.raises(ConfinementError, match="the lab attacks nothing else"):
        stranger.check(site)
    other = BETA if site is ALPHA else ALPHA
    with pytest.raises(ConfinementError):
        attack.check(other)


def test_a_target_in_the_same_network_that_is_no_host_is_refused() -> None:
    with pytest.raises(ConfinementError, match=r"10\.77\.20\.99 is no host of site alpha"):
        check_targets(ALPHA, ["10.77.20.10", "10.77.20.99"])


def test_nothing_runs_outside_the_namespaces(tmp_path: Path) -> None:
    # The test itself runs on the machine's own network, which is exactly where nothing may start.
    mark = tmp_path / "mark"
    attack = Activity(at_s=0, host="crow", kind="attack 0 syn_scan", commands=(Command(argv=("touch", str(mark))),))
    with pytest.raises(ConfinementError, match="no namespace of site alpha"):
        check_here(ALPHA)
    worker = Worker(ALPHA, "crow", tmp_path)
    with pytest.raises(ConfinementError, match="no namespace of site alpha"):
        worker.run(0.0, [attack])
    (tmp_path / "at-crow").mkdir()
    worker._carry_out(attack)
    assert not mark.exists()


def test_the_worker_checks_each_command_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lab.worker.check_here", lambda site: None)
    worker = Worker(ALPHA, "crow", tmp_path)
    mark = tmp_path / "mark"
    worker._scratch.mkdir()
    commands = (Command(argv=("curl", "http://192.0.2.1/")), Command(argv=("touch", str(mark))))
    worker._carry_out(Activity(at_s=0, host="crow", kind="attack 0 x", commands=commands))
    assert "192.0.2.1, which is no host of site alpha" in capsys.readouterr().out
    assert not mark.exists()


def test_stub_clients_refuse_strangers_and_the_machine_itself() -> None:
    with pytest.raises(ConfinementError, match="no host of site alpha"):
        client(["alpha", "heartbeat", "192.0.2.1", "443", "1"])
    with pytest.raises(ConfinementError, match="no namespace of site alpha"):
        client(["alpha", "heartbeat", "10.77.20.10", "4433", "1"])


def test_foreign_links_and_routes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfinementError, match="link eth1, which the lab did not make"):
        confinement._check_links([{"ifname": "eth0"}, {"ifname": "eth1"}], {"lo", "eth0"}, "x")
    with pytest.raises(ConfinementError, match=r"route through 192\.168\.1\.1"):
        confinement._check_routes(ALPHA, [{"dst": "default", "gateway": "192.168.1.1"}], "x")
    confinement._check_routes(ALPHA, [{"dst": "default", "gateway": "10.77.20.1"}, {"dst": "10.77.20.0/24"}], "x")
    # As if the machine's own network stood in for a host's.
    monkeypatch.setattr(confinement, "_NAMESPACES", Path("/proc/self/ns"))
    monkeypatch.setattr(type(ALPHA), "namespace", lambda self, name: "net")
    with pytest.raises(ConfinementError, match="the machine's own network"):
        check_namespaces(ALPHA)


def test_no_option_lifts_it() -> None:
    text = "".join(
        part.format_help()
        for action in command_line._parser()._actions
        for part in (getattr(action, "choices", None) or {}).values()
    )
    for word in ("target", "confine", "force", "unsafe", "allow", "address", "host"):
        assert f"--{word}" not in text


@both
def test_addresses_can_be_nobody_elses(site: Site) -> None:
    reserved = [ipaddress.ip_network(each) for each in ("198.51.100.0/24", "203.0.113.0/24")]
    for address in map(ipaddress.ip_address, site.addresses):
        assert (
            address in ipaddress.ip_network("10.0.0.0/8")
            or address in ipaddress.ip_network("172.16.0.0/12")
            or any(address in network for network in reserved)
        )
    assert site.domain.endswith(".example")
    addresses = [address for host in site.hosts.values() for address in host.addresses]
    assert len(addresses) == len(set(addresses))
