"""Port scans by nmap: SYN, connect, UDP, and one that takes its time."""

from __future__ import annotations

from lab.attacks.attack import ICMP, TCP, UDP, Attack, Behaviour, Stage, Target
from lab.command import Command

_USED = (139, 443, 445, 873, 1883, 3000, 5432, 8080, 8081)
"""Ports that somebody might have a good reason to use."""
_COMMON = ("nmap", "-n", "-Pn", "--max-retries", "1", "--host-timeout", "60s")


def syn_scan(stage: Stage) -> Attack:
    """400 ports, at most 80 a second."""
    return _scan(stage, "syn_scan", "web", ("-sS", "--max-rate", "80", "-p", "1-400"), seconds=20)


def connect_scan(stage: Stage) -> Attack:
    """300 ports, at most 80 a second, each connection completed where it can be."""
    return _scan(stage, "connect_scan", "mail", ("-sT", "--max-rate", "80", "-p", "1-300"), seconds=20)


def udp_scan(stage: Stage) -> Attack:
    """64 ports, at most 25 a second."""
    options = ("-sU", "--max-rate", "25", "--max-retries", "0", "-p", "1-52,54-60,161,500,1900,5353")
    return _scan(stage, "udp_scan", "mail", options, seconds=20, protocol=UDP)


def slow_scan(stage: Stage) -> Attack:
    """24 ports on which nothing listens, one in a second and a half, by a host inside that also works."""
    ports = sorted(stage.rng.sample([port for port in range(100, 9000) if port not in _USED], 24))
    options = ("-sS", "--scan-delay", "1500ms", "--max-retries", "0", "-p", ",".join(map(str, ports)))
    targets = tuple(stage.target("samba", port) for port in ports)
    command = Command(argv=(*_COMMON, *options, targets[0].address), seconds=60)
    return Attack(label="slow_scan", source=stage.source, targets=targets, strands=((command,),), exclusive=False)


def _scan(
    stage: Stage, label: str, service: str, options: tuple[str, ...], *, seconds: float, protocol: int = TCP
) -> Attack:
    target = stage.target(service, None, protocol)
    return Attack(
        label=label,
        source=stage.source,
        targets=(target,),
        strands=((Command(argv=(*_COMMON, *options, target.address), seconds=seconds),),),
        side_effects=(Target(address=target.address, port=None, protocol=ICMP),),
    )


SCANS: dict[str, Behaviour] = {
    "syn_scan": syn_scan, "connect_scan": connect_scan, "udp_scan": udp_scan, "slow_scan": slow_scan,
}  # fmt: skip
