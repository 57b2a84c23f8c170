"""One recording: a site is built, lives through its day, is taken down; what is left is a capture and its truth."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lab.attacks import attack_plan, confusing
from lab.attacks.guessing import GUESSES
from lab.capture import end_capture, start_capture
from lab.command import Activity
from lab.confinement import check_namespaces
from lab.errors import LabError
from lab.network import Network
from lab.packets import Trimmer, merge, write_pcapng
from lab.plan import Clock, benign_plan
from lab.services import start_services
from lab.site import Site
from lab.truth import count_flows, label_lines, write_labels
from lab.worker import ATTACK, to_json

BULK_BYTES = 2_500_000
"""Of the file that is carried off."""
PATIENCE_S = 20.0
"""After the day's end, for what is under way."""
PRIORITY = -10
"""Of everything in the lab, so that what else runs on the machine does not delay its packets."""
_LEAD_S = 3.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be recorded.

    Attributes:
        site: Where.
        name: `benign` or `mixed`; attacks happen in the latter.
        seed: Of everything that is drawn.
        seconds: Length.
        only: Attack classes; None for all.
    """

    site: Site
    name: str
    seed: int
    seconds: float
    only: Collection[str] | None = field(default=None)

    @property
    def stem(self) -> str:
        """Begins the names of its files."""
        return f"{self.site.name}-{self.name}"


def record(order: Order, output: Path) -> dict[str, object]:
    """Record, and write `SITE-NAME.pcapng.zst` and, with attacks, `SITE-labels.csv`.

    Returns:
        What was recorded, in numbers.

    Raises:
        LabError: Something did not start, or packets were lost.
        ConfinementError: Something could leave the lab.
    """
    clock = Clock(seconds=order.seconds)
    attacking = order.name != "benign"
    attacks = attack_plan(order.site, order.seed, clock, only=order.only) if attacking else []
    users = benign_plan(order.site, order.seed, clock, without=confusing(order.site) if attacking else None)
    activities = [*users, *(each for number, one in enumerate(attacks) for each in one.activities(number))]
    with tempfile.TemporaryDirectory(prefix="clan-lab-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        with Network(order.site, folder, seed=order.seed) as network:
            start_services(network, folder, order.seed)
            _prepare(order.site, folder)
            check_namespaces(order.site)
            began = datetime.now(UTC)
            points = start_capture(network, folder)
            log = _live(network, folder, activities, order.seconds)
            counts = end_capture(points)
            links = network.links
        os.setpriority(os.PRIO_PROCESS, 0, usual)
        _write(order, [(point.name, point.path) for point in points], output)
    labels = output / f"{order.site.name}-labels.csv" if attacks else None
    if labels is not None:
        write_labels(labels, label_lines(attacks, log))
    flows = count_flows(output / f"{order.stem}.pcapng.zst", labels)
    return _numbers(order, began, links, counts, log) | {"flows": flows}


def _live(network: Network, folder: Path, activities: list[Activity], seconds: float) -> list[dict[str, object]]:
    """Have every host do what it has to, and give what they logged."""
    by_host: dict[str, list[Activity]] = {}
    for activity in sorted(activities, key=lambda each: each.at_s):
        by_host.setdefault(activity.host, []).append(activity)
    start = time.monotonic() + _LEAD_S
    workers: list[subprocess.Popen[bytes]] = []
    for host, own in by_host.items():
        # -B: nothing is written beside the sources
        argv = [_python(), "-B", "-m", "lab.worker", network.site.name, host, str(folder)]
        workers.append(network.start(host, argv, log=folder / f"worker-{host}.log", given=to_json(start, own)))
    end = start + seconds + PATIENCE_S
    time.sleep(max(0.0, start + seconds - time.monotonic()))
    while time.monotonic() < end and any(worker.poll() is None for worker in workers):
        time.sleep(0.2)
    return _read_logs(folder)


def _read_logs(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in sorted(folder.glob("worker-*.log")):
        lines = path.read_text().splitlines()
        if others := [line for line in lines if not line.startswith("{")]:
            raise LabError(f"{path.stem} failed: {others[-1]}")
        found += [json.loads(line) for line in lines]
    return found


def _prepare(site: Site, folder: Path) -> None:
    """Write what commands expect: passwords to guess, a file to carry off, lists of package sources."""
    (folder / "guesses.txt").write_text("".join(f"guess{number:03d}\n" for number in range(GUESSES)))
    (folder / "bulk.bin").write_bytes(os.urandom(BULK_BYTES))
    for host in site.hosts:
        own = folder / f"apt-{host}"
        (own / "state" / "lists" / "partial").mkdir(parents=True)
        (own / "cache" / "archives" / "partial").mkdir(parents=True)
        (own / "sources.list").write_text(f"deb [trusted=yes] http://mirror.{site.domain}/mirror ./\n")


def _write(order: Order, points: list[tuple[str, Path]], output: Path) -> None:
    path = output / f"{order.stem}.pcapng.zst"
    comment = f"clan lab, site {order.site.name}, {order.name}, seed {order.seed}"
    trimmer = Trimmer()
    packets = (trimmer.trim(packet) for packet in merge([each for _, each in points]))
    write_pcapng(path, packets, [name for name, _ in points], comment)
    logger.info("%s: %.2f MB", path, path.stat().st_size / 1e6)


def _numbers(
    order: Order,
    began: datetime,
    links: str,
    counts: dict[str, int],
    log: list[dict[str, object]],
) -> dict[str, object]:
    benign = Counter(str(entry["kind"]) for entry in log if not str(entry["kind"]).startswith(ATTACK))
    problems = [f"{entry['host']} {entry['kind']}: {entry['problem']}" for entry in log if entry["problem"]]
    for problem in problems:
        logger.error("%s", problem)
    return {
        "site": order.site.name, "seed": order.seed, "seconds": order.seconds,
        "compression": Clock(seconds=order.seconds).compression, "start": began.isoformat(timespec="seconds"),
        "links": links, "packets": counts, "dropped": 0, "activities": dict(sorted(benign.items())),
        "problems": problems,
    }  # fmt: skip


def _python() -> str:
    """Give the interpreter of this process, which the workers use as well."""
    import sys

    return sys.executable
