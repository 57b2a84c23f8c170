"""Clients of the stub servers: `python -m lab.attacks.client SITE KIND ADDRESS PORT NUMBER`.

`heartbeat` opens NUMBER connections to the heartbeat stub, `miner` keeps one to the pool for NUMBER seconds. Both speak
to the site's own hosts only, from inside its namespaces.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import time

from lab.confinement import check_here, check_targets
from lab.errors import LabError
from lab.sites import site_called

_HELLO = b"\x16\x03\x01\x00\x5a" + b"\x01\x00\x00\x56\x03\x03" + bytes(84)
_REQUEST = b"\x18\x03\x02\x00\x03\x01\x40\x00"
_MOST_CONNECTIONS, _MOST_SECONDS = 20, 60


def ask_heartbeats(address: str, port: int, connections: int) -> None:
    """Ask the stub three times on each connection."""
    for _ in range(min(connections, _MOST_CONNECTIONS)):
        with socket.create_connection((address, port), timeout=5) as line:
            line.sendall(_HELLO)
            line.recv(4096)
            for _ in range(3):
                line.sendall(_REQUEST)
                _read(line, 4 * (5 + 16_384))
                time.sleep(0.05)
        time.sleep(0.3)


def mine(address: str, port: int, seconds: int) -> None:
    """Log in to the pool, take what it sends, and say every few seconds that there is a result."""
    rng = random.Random(seconds)
    end = time.monotonic() + min(seconds, _MOST_SECONDS)
    with socket.create_connection((address, port), timeout=5) as line:
        line.settimeout(0.5)
        line.sendall(json.dumps({"method": "login", "params": {"login": "lab", "pass": "x"}}).encode() + b"\n")
        due = time.monotonic() + rng.uniform(2, 6)
        while time.monotonic() < end:
            try:
                if not line.recv(4096):
                    return
            except TimeoutError:
                pass
            if time.monotonic() > due:
                line.sendall(json.dumps({"method": "submit", "params": {"nonce": "0" * 8}}).encode() + b"\n")
                due = time.monotonic() + rng.uniform(2, 6)


def _read(line: socket.socket, size: int) -> None:
    while size > 0 and (data := line.recv(65_536)):
        size -= len(data)


def main(arguments: list[str]) -> int:
    """Check where this is and what it is asked to speak to, and do it."""
    if len(arguments) != 5:
        raise LabError("expected SITE KIND ADDRESS PORT NUMBER")
    site = site_called(arguments[0])
    kinds = {"heartbeat": ask_heartbeats, "miner": mine}
    check_targets(site, [arguments[2]])
    check_here(site)
    kinds[arguments[1]](arguments[2], int(arguments[3]), int(arguments[4]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
