"""Configuring and starting all servers of a site."""

from __future__ import annotations

from pathlib import Path

from lab.errors import LabError, ServiceError
from lab.network import Network, wait_until
from lab.services.base import Service
from lab.services.files import file_servers
from lab.services.mail import mail_server
from lab.services.names import name_server, time_server
from lab.services.pages import write_mirror, write_pages
from lab.services.shells import git_server, shell_servers
from lab.services.stores import broker, database
from lab.services.stubs import stub_servers
from lab.services.web import web_servers
from lab.site import Site

PROGRAMS = {
    "ip": "iproute2", "ss": "iproute2", "tc": "iproute2", "ethtool": "ethtool", "tcpdump": "tcpdump",
    "sysctl": "procps", "openssl": "openssl", "setpriv": "util-linux", "nginx": "nginx", "sshd": "openssh-server",
    "ssh": "openssh-client", "vsftpd": "vsftpd", "lftp": "lftp", "dnsmasq": "dnsmasq-base",
    "unbound": "unbound", "dig": "bind9-dnsutils", "chronyd": "chrony", "psql": "postgresql-client",
    "exim4": "exim4-daemon-light", "mosquitto": "mosquitto", "mosquitto_pub": "mosquitto-clients", "git": "git",
    "rsync": "rsync", "smbd": "samba", "smbclient": "smbclient", "curl": "curl", "ping": "iputils-ping",
    "nmap": "nmap", "hydra": "hydra", "slowhttptest": "slowhttptest", "siege": "siege", "hping3": "hping3",
    "iodine": "iodine", "ptunnel-ng": "ptunnel-ng", "apt-get": "apt", "dpkg-deb": "dpkg",
}  # fmt: skip
"""Program to the Debian package that brings it; PostgreSQL's server besides, which is on no path."""


def services_of(site: Site, folder: Path, seed: int) -> list[Service]:
    """Write configurations, keys and contents below `folder`, and give all servers."""
    pages = write_pages(folder / "pages", seed)
    write_mirror(folder / "mirror", seed)
    git = git_server(site, folder, seed)
    return [
        name_server(site, folder),
        time_server(site, folder),
        *web_servers(site, folder, pages),
        *shell_servers(site, folder),
        git,
        *file_servers(site, folder, pages),
        database(site, folder),
        broker(site, folder),
        mail_server(site, folder),
        *stub_servers(site),
    ]


def start_services(network: Network, folder: Path, seed: int) -> list[Service]:
    """Start every server and wait until each listens.

    Raises:
        ServiceError: One does not; its log is in the message.
    """
    found = services_of(network.site, folder, seed)
    running = {
        service.name: network.start(service.host.name, [*service.argv], log=folder / f"{service.name}.log")
        for service in found
    }
    for service in found:
        log = folder / f"{service.name}.log"
        try:
            if service.port:
                what = f"{service.name} on {service.host.name}, port {service.port}"
                wait_until(what, lambda each=service: network.listens(each.host, each.port), seconds=20)  # type: ignore[misc]
        except LabError as error:
            raise ServiceError(f"{error}; its log ends: {log.read_text()[-500:]}") from error
        if running[service.name].poll() is not None:
            raise ServiceError(f"{service.name} ended; its log ends: {log.read_text()[-500:]}")
    return found
