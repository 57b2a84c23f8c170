"""Run the benchmarks whose figures the documents show, keep what they print, and put it into the README.

    CLAN_TEST_DATA=... python docs/figures.py            run all and write
    python docs/figures.py --check                       fail unless the README shows what benchmarks/results holds

No figure in the documents is typed by hand.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures: begin, written by docs/figures.py -->", "<!-- figures: end -->"
SCRIPTS = {
    "packets": ("Packets to flows", "benchmarks/speed/packets.py"),
    "p1": ("Detection on the corrected CIC-IDS2017 (protocol P1)", "benchmarks/quality/p1.py"),
    "budget": ("Does the budget hold", "benchmarks/quality/budget.py"),
}


def run(name: str) -> None:
    """Run one benchmark and keep what it printed, with the commit and the machine that it ran on."""
    title, script = SCRIPTS[name]
    done = subprocess.run([sys.executable, str(ROOT / script)], check=True, capture_output=True, text=True, cwd=ROOT)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    processor = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown processor",
    )
    head = f"### {title}\n\n`python {script}` at {commit.stdout.strip()}, {datetime.now(UTC):%Y-%m-%d}, {processor}\n\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(head + done.stdout.strip() + "\n")


def shown() -> str:
    """Give the text that belongs between the markers."""
    return "\n".join((RESULTS / f"{name}.md").read_text() for name in SCRIPTS if (RESULTS / f"{name}.md").exists())


def main() -> None:
    """Run what was asked for, and write or check the README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="run nothing, write nothing, compare")
    parser.add_argument("--only", choices=SCRIPTS, action="append", help="run only this benchmark; repeatable")
    arguments = parser.parse_args()
    if not arguments.check:
        for name in arguments.only or SCRIPTS:
            run(name)
    before, rest = README.read_text().split(BEGIN)
    text = f"{before}{BEGIN}\n{shown()}{END}{rest.split(END)[1]}"
    if arguments.check:
        sys.exit(None if text == README.read_text() else "README.md does not show what benchmarks/results holds")
    README.write_text(text)


if __name__ == "__main__":
    main()
