"""The other ends of the attacks that need one: stub servers, and the outer ends of the two tunnels."""

from __future__ import annotations

import sys

from lab.services.base import Service
from lab.site import Site

COMMAND_PORT, POOL_PORT, HEARTBEAT_PORT = 8088, 3333, 4433
TUNNEL_DOMAIN = "t"
"""Below the site's domain; iodine's."""
TUNNEL_PASSWORD = "lab"  # noqa: S105  (of a tunnel inside the lab)


def stub_servers(site: Site) -> list[Service]:
    """Configure them all."""
    nest, web = site.running("command"), site.running("web")
    stub = (sys.executable, "-m", "lab.services.stub")

    def serve(kind: str, address: str, port: int) -> tuple[str, ...]:
        return (*stub, kind, address, str(port))

    first, second = nest.addresses
    domain = f"{TUNNEL_DOMAIN}.{site.domain}"
    iodined = ("iodined", "-f", "-c", "-P", TUNNEL_PASSWORD, "-l", first, f"{site.tunnel[0]}/29", domain)
    return [
        Service(name="command", host=nest, argv=serve("command", first, COMMAND_PORT), port=COMMAND_PORT),
        Service(name="pool", host=nest, argv=serve("pool", second, POOL_PORT), port=POOL_PORT),
        Service(name="heartbeat", host=web, argv=serve("heartbeat", web.address, HEARTBEAT_PORT), port=HEARTBEAT_PORT),
        Service(name="iodined", host=nest, argv=iodined, port=53),
        Service(name="ptunnel", host=nest, argv=("ptunnel-ng", "-r127.0.0.1", f"-R{COMMAND_PORT}"), port=0),
    ]
