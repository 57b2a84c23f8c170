"""The namespaces of a site, their links and everything that runs in them; a context manager."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

from lab.confinement import check_namespaces
from lab.errors import LabError
from lab.shell import ROOT, inside, ip, output
from lab.site import Host, Segment, Site


class Network:
    """A site while it exists.

    The switches have a namespace of their own, so no link ever touches the machine's network, and no namespace gets a
    route to anything but the site's segments.

    Args:
        site: What to build.
        folder: For what the servers and the relay write.
        seed: Of what the links do.
    """

    def __init__(self, site: Site, folder: Path, *, seed: int) -> None:
        self.site, self.folder, self.seed = site, folder, seed
        self.links = "netem"
        self._lock: IO[str] | None = None
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._lock = Path(f"/run/{self.site.namespace('lock')}").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"another recording of site {self.site.name} is under way on this machine") from None
        self._remove()
        try:
            self._build()
            check_namespaces(self.site)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()
        if self._lock is not None:
            self._lock.close()

    def start(self, name: str, argv: list[str], *, log: Path, given: str | None = None) -> subprocess.Popen[bytes]:
        """Start a program in the namespace of a host, `gateway` or `fabric`; it ends with the network."""
        return self._launch(inside(self.site.namespace(name), argv), log, given)

    def listens(self, host: Host, port: int) -> bool:
        """Say whether a TCP or UDP port is open on a host, by asking its kernel; nothing is sent."""
        command = inside(self.site.namespace(host.name), ["ss", "-Hlntu", f"sport = :{port}"])
        return bool(output(*command))

    def _launch(self, argv: list[str], log: Path, given: str | None) -> subprocess.Popen[bytes]:
        with log.open("ab") as sink:
            process = subprocess.Popen(
                argv, stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL, stdout=sink, stderr=sink,
                cwd=ROOT, start_new_session=True,
            )  # fmt: skip
        self._running.append(process)
        if given is not None and process.stdin is not None:
            process.stdin.write(given.encode())
            process.stdin.close()
        return process

    def _build(self) -> None:
        self.links = "netem" if _has_netem() else "relay"
        for name in ("fabric", "gateway", *self.site.hosts):
            _add_namespace(self.site.namespace(name))
        _in(self.site.namespace("gateway"), "sysctl", "-qw", "net.ipv4.ip_forward=1")
        for segment in self.site.segments:
            self._add_segment(segment)
            for host in segment.hosts:
                self._add_host(segment, host)

    def _add_segment(self, segment: Segment) -> None:
        fabric, gateway = self.site.namespace("fabric"), self.site.namespace("gateway")
        port = f"up-{segment.name}"
        ip("-n", fabric, "link", "add", "name", segment.name, "type", "bridge", "mcast_snooping", "0")
        ip("-n", fabric, "link", "set", segment.name, "up")
        relayed = self.links == "relay" and any(host.path.delay_ms for host in segment.hosts)
        if relayed:
            ip("-n", gateway, "tuntap", "add", "dev", segment.name, "mode", "tap")
            ip("-n", fabric, "tuntap", "add", "dev", port, "mode", "tap")
        else:
            ip("-n", fabric, "link", "add", port, "type", "veth", "peer", "name", segment.name, "netns", gateway)
        ip("-n", fabric, "link", "set", port, "master", segment.name, "up")
        ip("-n", gateway, "address", "add", f"{segment.gateway}/{_length(segment)}", "dev", segment.name)
        ip("-n", gateway, "link", "set", segment.name, "up")
        _leave_nothing_to_the_card(gateway, segment.name)
        if relayed:
            arguments = [sys.executable, "-m", "lab.relay", self.site.name, segment.name, str(self.seed)]
            self._launch(arguments, self.folder / f"relay-{segment.name}.log", None)

    def _add_host(self, segment: Segment, host: Host) -> None:
        fabric, namespace, port = self.site.namespace("fabric"), self.site.namespace(host.name), f"p-{host.name}"
        ip("-n", fabric, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("-n", fabric, "link", "set", port, "master", segment.name, "up")
        mac = "02:00:" + ":".join(f"{int(part):02x}" for part in host.address.split("."))
        ip("-n", namespace, "link", "set", "eth0", "address", mac)
        for address in host.addresses:
            ip("-n", namespace, "address", "add", f"{address}/{_length(segment)}", "dev", "eth0")
        ip("-n", namespace, "link", "set", "eth0", "up")
        ip("-n", namespace, "route", "add", "default", "via", segment.gateway)
        _leave_nothing_to_the_card(namespace, "eth0")
        # Closed UDP ports answer each probe, as most small devices do; Linux would answer one a second.
        _in(namespace, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv4.ping_group_range=0 65535")
        if self.links == "netem" and host.path.delay_ms:
            for where, link in ((namespace, "eth0"), (fabric, port)):
                path = host.path
                shape = [f"{path.delay_ms}ms", f"{path.jitter_ms}ms", "loss", f"{100 * path.loss}%", "limit", "20000"]
                _in(where, "tc", "qdisc", "add", "dev", link, "root", "netem", "delay", *shape)
        resolver = Path("/etc/netns") / namespace / "resolv.conf"
        resolver.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"nameserver {self.site.running('dns').address}", f"search {self.site.domain}", "options timeout:2")
        resolver.write_text("\n".join([*lines, ""]))

    def _remove(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        present = {line.split()[0] for line in ip("netns", "list").splitlines() if line}
        own = [self.site.namespace(name) for name in ("fabric", "gateway", *self.site.hosts)]
        for namespace in (name for name in own if name in present):
            for pid in ip("netns", "pids", namespace).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        for process in self._running:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        for namespace in own:
            if namespace in present:
                ip("netns", "del", namespace)
            shutil.rmtree(Path("/etc/netns") / namespace, ignore_errors=True)


def _length(segment: Segment) -> str:
    return segment.network.rsplit("/", 1)[1]


def _add_namespace(namespace: str) -> None:
    ip("netns", "add", namespace)
    off = [f"net.ipv6.conf.{which}.disable_ipv6=1" for which in ("all", "default")]
    if Path("/proc/sys/net/ipv6").exists():
        _in(namespace, "sysctl", "-qw", *off)
    ip("-n", namespace, "link", "set", "lo", "up")


def _leave_nothing_to_the_card(namespace: str, link: str) -> None:
    """Have the kernel cut segments and write checksums itself, so that the capture holds what a wire would."""
    _in(namespace, "ethtool", "-K", link, "tx", "off", "tso", "off", "gso", "off", "gro", "off")


def _has_netem() -> bool:
    """Say whether this kernel can delay packets itself, by trying on a namespace that is thrown away."""
    namespace = f"clan-lab-probe-{os.getpid()}"
    ip("netns", "add", namespace)
    try:
        _in(namespace, "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
    except LabError:
        return False
    finally:
        ip("netns", "del", namespace)
    return True


def _in(namespace: str, *arguments: str) -> str:
    return output(*inside(namespace, arguments))


def wait_until(what: str, met: Callable[[], bool], *, seconds: float) -> None:
    """Wait for a condition, given as a function without arguments.

    Raises:
        LabError: It is not met in time.
    """
    end = time.monotonic() + seconds
    while not met():
        if time.monotonic() > end:
            raise LabError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.1)
