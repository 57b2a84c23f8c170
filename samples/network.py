"""A small network that cannot reach anything: one namespace per host, one for the bridge, no way out."""

# The commands are built here from fixed words and checked addresses, never from input.
# ruff: noqa: S603

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

DOMAIN = "lab.example"
PREFIX = "clan-lab"
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?(?![\d.])")


class ConfinementError(RuntimeError):
    """Something would have left, or could leave, the network of the recording."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """One machine of the network.

    Args:
        name: Host name, also part of the namespace's name.
        address: IPv4 address in 10.77.0.0/24.
        delay_ms: What `netem` adds to everything the host sends, in milliseconds.
    """

    name: str
    address: str
    delay_ms: float

    @property
    def namespace(self) -> str:
        """Name of the network namespace that is this host."""
        return f"{PREFIX}-{self.name}"


WEB = Host(name="web", address="10.77.0.10", delay_ms=0.4)
APP = Host(name="app", address="10.77.0.11", delay_ms=0.6)
SHELL = Host(name="shell", address="10.77.0.22", delay_ms=0.5)
NAMES = Host(name="names", address="10.77.0.53", delay_ms=0.3)
CLIENTS = (
    Host(name="desk1", address="10.77.0.101", delay_ms=0.5),
    Host(name="desk2", address="10.77.0.102", delay_ms=2.0),
    Host(name="desk3", address="10.77.0.103", delay_ms=5.0),
    Host(name="desk4", address="10.77.0.104", delay_ms=11.0),
)
ATTACKER = Host(name="intruder", address="10.77.0.66", delay_ms=3.0)
HOSTS = (WEB, APP, SHELL, NAMES, *CLIENTS, ATTACKER)
ADDRESSES = frozenset(host.address for host in HOSTS)


def check_targets(arguments: Iterable[str]) -> None:
    """Refuse a command that names an address outside this network, or a range of addresses.

    Raises:
        ConfinementError: An IPv4 address that is no host of this network.
    """
    for argument in arguments:
        for found in _ADDRESS.findall(argument):
            if found not in ADDRESSES:
                raise ConfinementError(f"{argument!r} names {found}, which is no host of this network")


class Network:
    """The namespaces, their links and everything that runs in them; a context manager.

    The bridge has a namespace of its own, so no link ever touches the machine's network, and no namespace gets a route
    beyond 10.77.0.0/24.
    """

    bridge = f"{PREFIX}-bridge"

    def __init__(self) -> None:
        self.delayed = True

    def __enter__(self) -> Network:
        self._remove()
        try:
            self._build()
            self._check_confined()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def command(self, host: Host, arguments: Sequence[str]) -> list[str]:
        """The full command line that runs `arguments` on `host`, after checking what it aims at."""
        check_targets(arguments)
        return ["ip", "netns", "exec", host.namespace, *arguments]

    def run(self, host: Host, arguments: Sequence[str], *, seconds: float, given: str = "") -> int:
        """Run a program on `host` to its end, or kill it after `seconds`; its exit status, -9 if killed."""
        with subprocess.Popen(
            self.command(host, arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd="/",
        ) as process:
            try:
                process.communicate(given, timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode

    def start(self, host: Host, arguments: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start a program that keeps running on `host`; it ends with the network."""
        with log.open("ab") as sink:
            return subprocess.Popen(self.command(host, arguments), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)

    def _build(self) -> None:
        _ip("netns", "add", self.bridge)
        _silence_ipv6(self.bridge)
        _ip("-n", self.bridge, "link", "add", "name", "br0", "type", "bridge")
        _ip("-n", self.bridge, "link", "set", "br0", "up")
        for host in HOSTS:
            self._add(host)

    def _add(self, host: Host) -> None:
        namespace, port = host.namespace, f"p{host.address.rsplit('.', 1)[1]}"
        _ip("netns", "add", namespace)
        _silence_ipv6(namespace)
        _ip("-n", self.bridge, "link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("-n", self.bridge, "link", "set", port, "master", "br0", "up")
        last = int(host.address.rsplit(".", 1)[1])
        # One segment per packet, as on a wire: without this the capture would hold 64 KiB "packets".
        _ip("-n", namespace, "link", "set", "eth0", "address", f"02:00:0a:4d:00:{last:02x}", "gso_max_segs", "1")
        _ip("-n", namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        # Closed UDP ports answer each probe, as most small devices do; Linux would answer one a second.
        _in(namespace, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
        try:
            _in(namespace, "tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", f"{host.delay_ms}ms")
        except RuntimeError:  # a kernel without netem: the links are then as fast as the machine
            self.delayed = False
        resolver = Path("/etc/netns") / namespace / "resolv.conf"
        resolver.parent.mkdir(parents=True, exist_ok=True)
        resolver.write_text(f"nameserver {NAMES.address}\nsearch {DOMAIN}\noptions timeout:2 attempts:2\n")

    def _check_confined(self) -> None:
        own = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116  (the inode of the namespace, not of the link)
        for namespace in (self.bridge, *(host.namespace for host in HOSTS)):
            if (Path("/run/netns") / namespace).stat().st_ino == own:
                raise ConfinementError(f"namespace {namespace} is the machine's own network")
            routes = _ip("-n", namespace, "route", "show", "table", "all").splitlines()
            outside = [route for route in routes if "10.77.0." not in route and "127." not in route]
            if outside:
                raise ConfinementError(f"namespace {namespace} has a route to somewhere else: {outside[0]}")
        for host in HOSTS:
            links = {
                line.split(":")[1].strip().split("@")[0]
                for line in _ip("-n", host.namespace, "-o", "link").splitlines()
            }
            if links != {"lo", "eth0"}:
                raise ConfinementError(f"namespace {host.namespace} has links {sorted(links)}, expected eth0 and lo")

    def _remove(self) -> None:
        present = {line.split()[0] for line in _ip("netns", "list").splitlines() if line}
        for namespace in (*(host.namespace for host in HOSTS), self.bridge):
            if namespace in present:
                for pid in _ip("netns", "pids", namespace).split():
                    _kill(int(pid))
                _ip("netns", "del", namespace)
            shutil.rmtree(Path("/etc/netns") / namespace, ignore_errors=True)


def _silence_ipv6(namespace: str) -> None:
    for which in ("all", "default"):
        _in(namespace, "sysctl", "-qw", f"net.ipv6.conf.{which}.disable_ipv6=1")


def _ip(*arguments: str) -> str:
    return _output("ip", *arguments)


def _in(namespace: str, *arguments: str) -> str:
    return _output("ip", "netns", "exec", namespace, *arguments)


def _output(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
