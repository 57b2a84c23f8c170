"""Recording packets: tcpdump on two switches, so that every flow passes exactly one of them."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.network import Network
from lab.shell import inside

SNAP_BYTES = 1200
"""Kept of each packet while recording: headers and 1 KiB of payload with room to spare."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place where packets are recorded.

    Attributes:
        name: Of the switch.
        path: The pcap file.
        process: tcpdump.
    """

    name: str
    path: Path
    process: subprocess.Popen[str]


def start_capture(network: Network, folder: Path) -> list[Point]:
    """Record what passes the clients' switch, and what passes the servers' switch and has no client at either end."""
    clients = network.site.segment("clients").network
    points = [
        _start(network, folder, "clients", "ip or arp"),
        _start(network, folder, "servers", f"ip and not net {clients}"),
    ]
    time.sleep(1.5)
    return points


def end_capture(points: list[Point]) -> dict[str, int]:
    """Stop recording, and give packets by point.

    Raises:
        LabError: Packets were dropped, so the capture is not what happened.
    """
    time.sleep(1)
    counts = {}
    for point in points:
        point.process.send_signal(signal.SIGINT)
        said = point.process.communicate(timeout=20)[1]
        found = {
            words: int(number) for number, words in re.findall(r"(\d+) packets? (captured|dropped by kernel)", said)
        }
        if found.get("dropped by kernel") != 0:
            raise LabError(f"tcpdump lost packets; record again on a quieter machine. It said: {said.strip()}")
        counts[point.name] = found["captured"]
    return counts


def _start(network: Network, folder: Path, switch: str, expression: str) -> Point:
    path = folder / f"{switch}.pcap"
    listen = ["tcpdump", "-Z", "root", "-n", "-i", switch, "-B", "32768", "-s", str(SNAP_BYTES), "-w", str(path)]
    command = inside(network.site.namespace("fabric"), [*listen, expression])
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return Point(name=switch, path=path, process=process)
