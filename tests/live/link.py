"""A cable between two network namespaces of our own: nothing that is sent on it can reach anything else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
WAIT_S = 120.0


class Link:
    """Two namespaces, `near` and `far`, with a pair of interfaces `eth0`; a context manager.

    No addresses, no IPv6, no routes: the only frames are those that a test sends.
    """

    def __init__(self) -> None:
        self.near, self.far = (f"clan-test-{os.getpid()}-{end}" for end in ("near", "far"))
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for namespace in (self.near, self.far):
            _ip("netns", "add", namespace)
            off = "for i in all default; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done"
            subprocess.run(["ip", "netns", "exec", namespace, "sh", "-c", off], check=False, stderr=subprocess.DEVNULL)
        _ip("-n", self.near, "link", "add", "name", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.far)
        for namespace in (self.near, self.far):
            _ip("-n", namespace, "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait()
        for namespace in (self.near, self.far):
            _ip("netns", "del", namespace)

    def start(self, namespace: str, arguments: Sequence[str], *, out: Path) -> subprocess.Popen[bytes]:
        """Run a Python program in a namespace; its output goes to `out`, its messages to `out` with `.err`."""
        command = ["ip", "netns", "exec", namespace, sys.executable, *arguments]
        with out.open("wb") as stdout, Path(f"{out}.err").open("wb") as stderr:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        self._running.append(process)
        return process

    def send(self, capture: Path, *, per_second: int, folder: Path) -> None:
        """Send the frames of a pcap file from the far end, and wait until that is done."""
        sender = self.start(
            self.far, [str(HERE / "send.py"), "eth0", str(capture), str(per_second)], out=folder / "sent"
        )
        assert sender.wait(WAIT_S) == 0, (folder / "sent.err").read_text()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    """Wait, as long as it takes within reason."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)
