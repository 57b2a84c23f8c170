"""Nothing leaves the lab: every command is checked before it runs, and every namespace before anything runs in it.

There is no option that lifts this, and no way to name a target that is not one of the site's own hosts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab.command import Command
from lab.errors import ConfinementError
from lab.site import Site

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d+|-\d+)?(?![\w.]\d)")
_NUMBER = re.compile(r"(?:0x[0-9a-fA-F]+|\d{6,})")
"""A bare number that some programs take for an address."""
_NAME = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]*")
_IPV6 = re.compile(r"\[[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*\]|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])")
_HOST_IN_URL = re.compile(r"[a-z][a-z0-9+]*://(?:[^/\s@]*@)?(\[[^\]]*\]|[^/\s:;?#'\"]+)", re.IGNORECASE)
_HOST_AFTER_AT = re.compile(r"(?<![\w/])[\w%+-]*@([A-Za-z0-9][\w.-]*)")
_ALLOWED_LINKS = {"lo", "eth0", "dns0", "dns1"}
"""Of a host; iodine makes dns0 and dns1 at the two ends of its tunnel."""
_NAMESPACES = Path("/run/netns")
_SCANNERS = {"nmap", "hping3", "siege", "slowhttptest", "hydra", "iodine", "ptunnel-ng"}
"""Programs that take their target as an argument; they have to be told by address."""


def check_command(site: Site, command: Command) -> None:
    """Refuse a command that names anything but hosts of the site.

    Looked at are the arguments and what the program is given to read: IPv4 addresses, ranges of them, IPv6, and host
    names in URLs and behind an `@`. Test tools must name their target by address, and nothing that could be another.

    Raises:
        ConfinementError: Something else is named.
    """
    for text in (*command.argv, command.given):
        _check_text(site, text)
    if Path(command.argv[0]).name in _SCANNERS:
        _check_scanner(site, command.argv)


def check_targets(site: Site, targets: Iterable[str]) -> None:
    """Refuse targets that are not addresses of the site's hosts.

    Raises:
        ConfinementError: One is not.
    """
    for target in targets:
        if target not in site.addresses:
            raise ConfinementError(f"{target} is no host of site {site.name}; the lab attacks nothing else")


def check_here(site: Site) -> None:
    """Refuse to go on unless this process is inside one of the site's namespaces, and that cannot reach anything else.

    Raises:
        ConfinementError: It is on the machine's own network, or there is a link or a route that the lab did not make.
    """
    here = Path("/proc/self/ns/net").stat().st_ino
    places = [_NAMESPACES / site.namespace(name) for name in site.hosts]
    if here not in {place.stat().st_ino for place in places if place.exists()}:
        raise ConfinementError(f"this is no namespace of site {site.name}, perhaps the machine's own network")
    _check_links(_json("link"), _ALLOWED_LINKS, "this namespace")
    _check_routes(site, _json("route", "show", "table", "all"), "this namespace")


def check_namespaces(site: Site) -> None:
    """Check all namespaces of a site from outside, as `check_here` does from within.

    Raises:
        ConfinementError: One of them could reach something else.
    """
    own = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116  (the namespace's inode, not the link's)
    for name in (*site.hosts, "gateway", "fabric"):
        namespace = site.namespace(name)
        if (_NAMESPACES / namespace).stat().st_ino == own:
            raise ConfinementError(f"namespace {namespace} is the machine's own network")
        expected = _ALLOWED_LINKS if name in site.hosts else {"lo", *_switches(site, name)}
        _check_links(_json("-n", namespace, "link"), expected, namespace)
        _check_routes(site, _json("-n", namespace, "route", "show", "table", "all"), namespace)


def _switches(site: Site, name: str) -> set[str]:
    """Name the links of the gateway, or the switches and their ports."""
    if name == "gateway":
        return {segment.name for segment in site.segments}
    ports = {f"p-{host.name}" for host in site.hosts.values()} | {f"up-{each.name}" for each in site.segments}
    return ports | {segment.name for segment in site.segments}


def _check_text(site: Site, text: str) -> None:
    for found in _IPV4.findall(text):
        if found not in site.addresses and not found.startswith("127."):
            raise ConfinementError(f"{text!r} names {found}, which is no host of site {site.name}")
    if found6 := _IPV6.search(text):
        raise ConfinementError(f"{text!r} names {found6[0]}; the lab has no IPv6")
    for name in _HOST_IN_URL.findall(text):
        _check_host(site, name.strip("[]"), text)
    for name in _HOST_AFTER_AT.findall(text):
        _check_host(site, name.rstrip("."), text)


def _check_scanner(site: Site, argv: tuple[str, ...]) -> None:
    if not any(address in argument for argument in argv[1:] for address in site.addresses):
        raise ConfinementError(f"{argv[0]} names no host of site {site.name}: its target must be an address")
    for argument in argv[1:]:
        foreign = _NAME.fullmatch(argument) and not argument.endswith(f".{site.domain}")
        if foreign or _NUMBER.fullmatch(argument):
            raise ConfinementError(f"{argv[0]} names {argument}, which could be a host that is none of {site.name}")


def _check_host(site: Site, name: str, text: str) -> None:
    known = name in site.addresses or name in site.names or name in (site.domain, "localhost")
    if not known and not name.startswith("127."):
        raise ConfinementError(f"{text!r} names the host {name}, which is none of site {site.name}")


def _check_links(links: list[dict[str, str]], expected: set[str], where: str) -> None:
    if strangers := sorted({link["ifname"] for link in links} - expected):
        raise ConfinementError(f"{where} has the link {strangers[0]}, which the lab did not make")


def _check_routes(site: Site, routes: list[dict[str, str]], where: str) -> None:
    gateways = {segment.gateway for segment in site.segments}
    for route in routes:
        if route.get("gateway", next(iter(gateways))) not in gateways:
            raise ConfinementError(f"{where} has a route through {route['gateway']}, which is no gateway of the lab")


def _json(*arguments: str) -> list[dict[str, str]]:
    done = subprocess.run(["ip", "-4", "-j", *arguments], capture_output=True, text=True, check=True)
    found: list[dict[str, str]] = json.loads(done.stdout or "[]")
    return [entry for entry in found if entry]
