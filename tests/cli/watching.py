"""A `clan watch` that runs as a process of its own, and what it takes to follow a log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from tests.sources.zeek.logs import connections, header, lines, text

from clan import ClanDetector, read_flows
from clan.errors import DataQualityWarning

WAIT_S = 120.0
ROWS = [
    {**row, "orig_ip_bytes": 1000 + i % 97, "duration": 1 + (i % 13) / 10} for i, row in enumerate(connections(400))
]
ODD = {**ROWS[0], "orig_ip_bytes": 10**9, "history": "R", "conn_state": "REJ", "resp_pkts": 0}
"""A connection that no model of `ROWS` takes for one of them."""


def zeek_model(path: Path, *, fpr: float = 0.02, seed: int = 0) -> str:
    """Train a model of ordinary connections, without a network, in less than a second."""
    log = path.with_suffix(".log")
    log.write_text(text(ROWS))
    source = {"kind": "zeek", "formats": ["zeek"], "settings": {}}
    flows = read_flows(log)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)  # there are no logs beside this one
        ClanDetector(fpr=fpr, scorer="feature_prototypes", random_state=seed).fit(flows, source=source).save(path)
    return str(path)


def odd_rows(n: int, first: int = 0) -> str:
    """Lines of connections that alert."""
    return lines([{**ODD, "uid": f"Codd{first + i}", "id.orig_p": 1000 + i} for i in range(n)])


class Watching:
    """A running `clan watch -c` in plain mode; a context manager that ends it whatever happens."""

    def __init__(self, config: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.said = config.with_suffix(".err")
        command = [sys.executable, "-m", "clan", "watch", "-c", str(config), *arguments]
        with self.said.open("ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=os.environ | (environment or {})
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def text(self) -> str:
        """What it has said, blanks and line breaks made one."""
        return " ".join(self.said.read_text().split())

    def wait_for(self, what: str | Callable[[], bool], times: int = 1) -> None:
        """Wait until it has said something so many times, or something is so."""
        deadline = time.monotonic() + WAIT_S
        while not (self.text().count(what) >= times if isinstance(what, str) else what()):
            assert self.process.poll() is None, self.text()[-2000:]
            assert time.monotonic() < deadline, f"{what} did not come: {self.text()[-2000:]}"
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, and give its exit code."""
        self.send(number)
        return self.process.wait(WAIT_S)


def grow(log: Path, rows: Sequence[dict[str, object]] | str) -> None:
    """Append to a log what Zeek would write."""
    with log.open("a") as out:
        out.write(rows if isinstance(rows, str) else lines(list(rows)))


def begin(log: Path) -> None:
    """Make a log with a header."""
    log.write_text(header())
