"""Names and time: dnsmasq or unbound for the site's own names and nothing else, chronyd from the machine's clock."""

from __future__ import annotations

from pathlib import Path

from lab.services.base import Service
from lab.site import Site

_DNSMASQ = """
no-resolv
no-hosts
no-daemon
user=root
listen-address={address}
bind-interfaces
local=/{domain}/
local=/in-addr.arpa/
local=/#/
mx-host={domain},mail.{domain},10
txt-record={domain},"v=spf1 mx -all"
srv-host=_ldap._tcp.{domain},{first},389
"""

_UNBOUND = """
server:
  interface: {address}
  access-control: 0.0.0.0/0 allow
  do-ip6: no
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  module-config: "iterator"
  root-hints: ""
  local-zone: "." static
  local-data: "{domain}. MX 10 mail.{domain}."
  local-data: '{domain}. TXT "v=spf1 mx -all"'
"""

_CHRONYD = """
local stratum 8
allow
bindaddress {address}
cmdport 0
bindcmdaddress /
pidfile {folder}/chronyd.pid
"""


def name_server(site: Site, folder: Path) -> Service:
    """Configure the resolver; every name that is not the site's does not exist."""
    host = site.running("dns")
    argv: tuple[str, ...]
    if site.resolver == "dnsmasq":
        text = _DNSMASQ.format(address=host.address, domain=site.domain, first=min(site.names))
        records = [f"host-record={name},{address}" for name, address in sorted(site.names.items())]
        argv = ("dnsmasq", "-C", str(folder / "names.conf"))
    else:
        text = _UNBOUND.format(address=host.address, domain=site.domain, folder=folder)
        records = [f'  local-data: "{name}. 600 A {address}"' for name, address in sorted(site.names.items())]
        records += [f'  local-data-ptr: "{address} {name}"' for name, address in sorted(site.names.items())]
        argv = ("unbound", "-d", "-c", str(folder / "names.conf"))
    (folder / "names.conf").write_text("\n".join([text, *records, ""]))
    return Service(name=site.resolver, host=host, argv=argv, port=53)


def time_server(site: Site, folder: Path) -> Service:
    """Configure chronyd; it never touches the clock (-x)."""
    host = site.running("time")
    (folder / "chronyd.conf").write_text(_CHRONYD.format(address=host.address, folder=folder))
    argv = ("chronyd", "-d", "-x", "-u", "root", "-f", str(folder / "chronyd.conf"))
    return Service(name="chronyd", host=host, argv=argv, port=123)
