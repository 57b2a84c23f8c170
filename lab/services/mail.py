"""exim4, which takes every message for the site's domain and throws it away."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.services.base import Service
from lab.site import Site

_EXIM = """
primary_hostname = mail.{domain}
spool_directory = {own}/spool
log_file_path = {own}/log-%s
pid_file_path = {own}/pid
domainlist local_domains = {domain}
local_interfaces = {address}
daemon_smtp_ports = 25
acl_smtp_rcpt = accept_local
acl_smtp_data = accept_all
host_lookup =
rfc1413_hosts =
tls_advertise_hosts =
keep_environment =
smtp_accept_max = 40
queue_only = true
begin acl
accept_local:
  accept domains = +local_domains
  deny message = not a domain of this lab
accept_all:
  discard
begin routers
nowhere:
  driver = redirect
  data = :blackhole:
"""


def mail_server(site: Site, folder: Path) -> Service:
    """Configure exim4 with a spool of its own."""
    host, own = site.running("mail"), folder / "mail"
    (own / "spool").mkdir(parents=True)
    (own / "exim.conf").write_text(_EXIM.format(domain=site.domain, address=host.address, own=own))
    for path in (own, own / "spool"):
        shutil.chown(path, "Debian-exim", "Debian-exim")
    return Service(name="exim4", host=host, argv=("exim4", "-bdf", "-C", str(own / "exim.conf")), port=25)
