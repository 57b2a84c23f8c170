"""Records samples/benign.pcap.gz, samples/mixed.pcap.gz and samples/labels.csv: `sudo python samples/record.py`.

Everything happens in network namespaces that this script makes and removes, without a route to anything else.
"""

# ruff: noqa: S603

from __future__ import annotations

import argparse
import csv
import datetime
import gzip
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attacks import ATTACKS, Window, carry_out
from network import CLIENTS, Network
from services import start_services
from traffic import Desk, stop_all

HERE = Path(__file__).resolve().parent
PROGRAMS = {
    "ip": "iproute2", "tcpdump": "tcpdump", "nginx": "nginx", "sshd": "openssh-server", "ssh": "openssh-client",
    "dnsmasq": "dnsmasq-base", "dig": "dnsutils", "chronyd": "chrony", "curl": "curl", "ping": "iputils-ping",
    "nmap": "nmap", "slowhttptest": "slowhttptest", "sysctl": "procps", "openssl": "openssl",
}  # fmt: skip
"""Program to the Debian package that brings it."""

logger = logging.getLogger("record")


def main() -> int:
    """Record both captures, or say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE, help="folder for the captures and labels")
    parser.add_argument("--seconds", type=float, default=220, help="length of each capture (attacks start up to 195 s)")
    parser.add_argument(
        "--think", type=float, default=1.5, help="mean pause between two sessions of a desk, in seconds"
    )
    parser.add_argument("--snaplen", type=int, default=112, help="bytes kept of each packet")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if missing:
        logger.error("programs are missing: apt-get install --no-install-recommends %s", " ".join(missing))
        return 1
    if os.geteuid() != 0:
        logger.error("network namespaces need root: sudo python samples/record.py")
        return 1
    wanted.output.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the namespaces are removed then, too
    report = {name: record(name, wanted) for name in ("benign", "mixed")}
    about = {"seed": wanted.seed, "snaplen": wanted.snaplen, "captures": report, "versions": versions()}
    (wanted.output / "recorded.json").write_text(json.dumps(about, indent=2) + "\n")
    return 0


def record(name: str, wanted: argparse.Namespace) -> dict[str, object]:
    """Record one capture and, for the mixed one, the labels; what was captured, in numbers."""
    # Other seeds for the second capture: what the desks do there was not seen in the first.
    seed = wanted.seed * 1000 + (0 if name == "benign" else 500)
    with tempfile.TemporaryDirectory(prefix="clan-lab-") as temporary, Network() as network:
        folder = Path(temporary)
        folder.chmod(0o755)
        start_services(network, folder, wanted.seed)
        raw = folder / "raw.pcap"
        begin = datetime.datetime.now(datetime.UTC)
        tcpdump = start_capture(raw, wanted.snaplen)
        desks = start_desks(network, folder, seed, wanted.think)
        windows = keep_going(network, folder, desks, seconds=wanted.seconds, attacking=name == "mixed")
        stop_all(desks, seconds=45)
        counts = end_capture(tcpdump)
        logger.info("%s: %d sessions, %s", name, sum(desk.finished for desk in desks), counts)
        compress(raw, wanted.output / f"{name}.pcap.gz")
    if windows:
        write_labels(wanted.output / "labels.csv", windows)
    return {"start": begin.isoformat(timespec="seconds"), "delayed_links": network.delayed, **counts}


def start_capture(path: Path, snaplen: int) -> subprocess.Popen[str]:
    """Capture on the bridge, the one place that every frame passes exactly once."""
    listen = ["ip", "netns", "exec", Network.bridge, "tcpdump", "-Z", "root", "-n", "-i", "br0", "-B", "16384"]
    command = [*listen, "-s", str(snaplen), "-w", str(path), "ip or arp"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    return process


def end_capture(process: subprocess.Popen[str]) -> dict[str, int]:
    """Stop tcpdump and return its own counts.

    Raises:
        RuntimeError: Packets were dropped, so the capture is not what happened.
    """
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    counts = {words: int(number) for number, words in re.findall(r"(\d+) packets? (captured|dropped by kernel)", said)}
    if counts.get("dropped by kernel") != 0:
        raise RuntimeError(f"tcpdump lost packets; record again on a quieter machine. It said: {said.strip()}")
    return {"packets": counts["captured"], "dropped": 0}


def start_desks(network: Network, folder: Path, seed: int, think_s: float) -> list[Desk]:
    """Three for each client: two that are busy and one with long idle sessions."""
    desks = []
    for number, host in enumerate(CLIENTS):
        for which in range(3):
            patient = which == 2
            pause = 8.0 if patient else think_s * (0.7 + 0.2 * number)
            own = seed + 10 * number + which
            desks.append(Desk(network, host, folder=folder, seed=own, think_s=pause, patient=patient))
    for desk in desks:
        desk.start()
    return desks


def keep_going(network: Network, folder: Path, desks: list[Desk], *, seconds: float, attacking: bool) -> list[Window]:
    """Let `seconds` pass, with the attacks at their times if there are any."""
    start = time.monotonic()
    windows = []
    for attack in ATTACKS if attacking else ():
        time.sleep(max(0.0, start + attack.after_s - time.monotonic()))
        windows.append(carry_out(network, attack, folder=folder, desks=desks))
        logger.info("%s took %s", attack.label, windows[-1].end - windows[-1].start)
    time.sleep(max(0.0, start + seconds - time.monotonic()))
    return windows


def compress(source: Path, target: Path) -> None:
    """Gzip without name and time in the header, so that the same packets make the same file."""
    with target.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(source.read_bytes())
    logger.info("%s: %.2f MB", target, target.stat().st_size / 1e6)


def write_labels(path: Path, windows: list[Window]) -> None:
    """One line for each attack."""
    rows = [window.row() for window in windows]
    with path.open("w", newline="") as sink:
        writer = csv.DictWriter(sink, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def versions() -> dict[str, str]:
    """Package versions of everything that took part."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *sorted(set(PROGRAMS.values()))]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    return {"kernel": os.uname().release.split("-")[0]} | dict(line.split() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
