"""The attacks of the mixed capture: bounded in rate, count and time, and aimed only at the recording's own servers."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from network import ADDRESSES, APP, ATTACKER, CLIENTS, SHELL, WEB, ConfinementError, Host, Network
from traffic import SSH_OPTIONS, Desk

SETTLE_S = 1.0
"""Seconds of silence before and after an attack, so that its window holds all of it and nothing else of that host."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One program run against one server.

    Args:
        label: Name of the class in the labels.
        after_s: Start, in seconds after the capture's.
        source: Host that attacks.
        target: Host that is attacked.
        port: Port that is attacked; None where many are.
        protocol: IANA number; None where several are part of it.
        arguments: The program and its bounds.
        seconds: It is killed after this long.
    """

    label: str
    after_s: float
    source: Host
    target: Host
    port: int | None
    protocol: int | None
    arguments: Callable[[Path], list[str]]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Window:
    """What the labels say about one attack: between these times, flows between these hosts are `attack.label`."""

    start: datetime.datetime
    end: datetime.datetime
    attack: Attack

    def row(self) -> dict[str, object]:
        """The line of labels.csv; None becomes an empty field, which stands for any value."""
        attack = self.attack
        return {
            "ts_start": self.start.isoformat(timespec="microseconds"),
            "ts_end": self.end.isoformat(timespec="microseconds"),
            "src_ip": attack.source.address,
            "dst_ip": attack.target.address,
            "dst_port": attack.port,
            "protocol": attack.protocol,
            "label": attack.label,
        }


def _syn_scan(target: Host, ports: str) -> Callable[[Path], list[str]]:
    bounds = ["--max-rate", "60", "--max-retries", "1", "--host-timeout", "20s"]
    return lambda _: ["nmap", "-n", "-Pn", "-sS", *bounds, "-p", ports, target.address]


def _udp_scan(_: Path) -> list[str]:
    bounds = ["--max-rate", "25", "--max-retries", "0", "--host-timeout", "20s"]
    return ["nmap", "-n", "-Pn", "-sU", *bounds, "-p", "1-60,161,500,1900,5353", APP.address]


def _slow_http(_: Path) -> list[str]:
    bounds = ["-c", "60", "-r", "10", "-i", "4", "-l", "25", "-x", "20", "-p", "2"]
    return ["slowhttptest", "-H", *bounds, "-u", f"http://{WEB.address}/"]


def _guess_passwords(folder: Path) -> list[str]:
    # The account does not exist on the server, so no guess can succeed. One connection for each guess, four at a time.
    ask = folder / "ask"
    ask.write_text('#!/bin/sh\necho "guess-$GUESS"\n')
    ask.chmod(0o755)
    options = "-o PreferredAuthentications=password -o NumberOfPasswordPrompts=1 -o ConnectTimeout=5"
    environment = f"env GUESS={{}} SSH_ASKPASS={ask} SSH_ASKPASS_REQUIRE=force"
    guess = f"{environment} ssh {' '.join(SSH_OPTIONS)} {options} no-such-account@{SHELL.address} true"
    # ssh leaves with 255 when it is refused, which would make xargs give up after the first guesses.
    return ["sh", "-c", f"seq 40 | xargs -P 4 -I{{}} sh -c '{guess} || true'"]


def _flood(_: Path) -> list[str]:
    bounds = ["--rate", "60/s", "--max-time", "2", "-H", "Connection: close"]
    return ["curl", "-q", "-s", *bounds, "-o", "/dev/null", f"http://{WEB.address}/page/3.html?q=[1-300]"]


ATTACKS = (
    Attack(
        label="port_scan", after_s=35, source=ATTACKER, target=WEB, port=None, protocol=6,
        arguments=_syn_scan(WEB, "1-400"), seconds=30,
    ),
    Attack(
        label="ssh_guessing", after_s=60, source=ATTACKER, target=SHELL, port=22, protocol=6,
        arguments=_guess_passwords, seconds=40,
    ),
    Attack(
        label="slow_http", after_s=110, source=ATTACKER, target=WEB, port=80, protocol=6,
        arguments=_slow_http, seconds=40,
    ),
    Attack(
        label="udp_scan", after_s=150, source=ATTACKER, target=APP, port=None, protocol=None,
        arguments=_udp_scan, seconds=30,
    ),
    Attack(
        label="http_flood", after_s=170, source=ATTACKER, target=WEB, port=80, protocol=6,
        arguments=_flood, seconds=20,
    ),
    # A desk that was taken over: the same address is benign before and after.
    Attack(
        label="port_scan", after_s=195, source=CLIENTS[2], target=SHELL, port=None, protocol=6,
        arguments=_syn_scan(SHELL, "1-150"), seconds=20,
    ),
)  # fmt: skip


def carry_out(network: Network, attack: Attack, *, folder: Path, desks: list[Desk]) -> Window:
    """Run one attack while its host does nothing else, and say when it was.

    Raises:
        ConfinementError: The target is no host of this network.
    """
    if attack.target.address not in ADDRESSES:
        raise ConfinementError(f"{attack.label} aims at {attack.target.address}, which is no host of this network")
    colleagues = [desk for desk in desks if desk.host == attack.source]
    for desk in colleagues:
        desk.pause()
    time.sleep(SETTLE_S)
    start = _now()
    network.run(attack.source, attack.arguments(folder), seconds=attack.seconds)
    time.sleep(SETTLE_S)
    end = _now()
    for desk in colleagues:
        desk.resume()
    return Window(start=start, end=end, attack=attack)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
