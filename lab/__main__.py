"""`python -m lab record|plan|compare`: see docs/lab.md."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import sys
from pathlib import Path

from lab.attacks import attack_plan
from lab.errors import LabError, MissingPrograms
from lab.plan import Clock, benign_plan
from lab.recording import Order, record
from lab.services import PROGRAMS
from lab.shell import ROOT
from lab.sites import SITES, site_called
from lab.versions import versions

SECONDS = 300.0
"""Of one recording, which stands for one day."""

logger = logging.getLogger("lab")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; 0, or 1 with a message."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    wanted = _parser().parse_args(arguments)
    try:
        return int(wanted.run(wanted))
    except LabError as error:
        logger.error("%s", error)
        return 1


def missing_packages() -> list[str]:
    """Debian packages of programs that are not installed."""
    missing = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        missing.add("postgresql")
    return sorted(missing)


def _record(wanted: argparse.Namespace) -> int:
    if missing := missing_packages():
        raise MissingPrograms(f"missing: {' '.join(missing)}; run lab/install.sh")
    if os.geteuid() != 0:
        raise LabError("network namespaces need root: sudo python -m lab record")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the namespaces are removed then, too
    wanted.output.mkdir(parents=True, exist_ok=True)
    for name in wanted.site or SITES:
        for number, kind in enumerate(wanted.kind or ("benign", "mixed")):
            # Another seed for the second capture: what users do there was not seen in the first.
            seed = wanted.seed * 1000 + 500 * (number if len(wanted.kind or ()) != 1 else kind == "mixed")
            order = Order(site=site_called(name), name=kind, seed=seed, seconds=wanted.seconds, only=wanted.attacks)
            logger.info("%s, %g s", order.stem, wanted.seconds)
            report = record(order, wanted.output)
            _note(wanted.output / f"{order.stem}.json", report | {"versions": versions()})
    return 0


def _plan(wanted: argparse.Namespace) -> int:
    """Print what would be done, and when."""
    clock = Clock(seconds=wanted.seconds)
    for name in wanted.site or SITES:
        site, seed = site_called(name), wanted.seed * 1000
        rows = [(each.at_s, each.host, each.kind) for each in benign_plan(site, seed, clock)]
        rows += [
            (each.at_s, each.attack.source.name, each.attack.label) for each in attack_plan(site, seed + 500, clock)
        ]
        for at_s, host, kind in sorted(rows):
            sys.stdout.write(f"{name} {clock.hour(at_s):5.2f} h {at_s:8.2f} s {host:10} {kind}\n")
    return 0


def _compare(wanted: argparse.Namespace) -> int:
    from lab.comparison import compare

    text, alike = compare(wanted.first, wanted.second)
    sys.stdout.write(text)
    return 0 if alike else 1


def _note(path: Path, report: dict[str, object]) -> None:
    path.write_text(json.dumps(report, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(required=True)
    recording = commands.add_parser("record", help="record captures and labels; needs root")
    recording.add_argument("--output", type=Path, default=ROOT / "samples", help="folder")
    recording.add_argument("--kind", action="append", choices=("benign", "mixed"), help="repeatable; both")
    recording.add_argument("--attacks", type=lambda text: text.split(","), help="classes, with commas between; all")
    recording.set_defaults(run=_record)
    plan = commands.add_parser("plan", help="print who does what and when")
    plan.set_defaults(run=_plan)
    for command in (recording, plan):
        command.add_argument("--site", action="append", choices=sorted(SITES), help="repeatable; all")
        command.add_argument("--seconds", type=float, default=SECONDS, help="of the recording that stands for a day")
        command.add_argument("--seed", type=int, default=1)
    comparing = commands.add_parser("compare", help="compare two folders of recordings")
    comparing.add_argument("first", type=Path)
    comparing.add_argument("second", type=Path)
    comparing.set_defaults(run=_compare)
    return parser


if __name__ == "__main__":
    sys.exit(main())
