"""Run the benchmarks whose figures the documents show, keep what they print, and put it into the documents.

    CLAN_TEST_DATA=... python docs/figures.py            run all and write
    python docs/figures.py --check                       fail unless the documents show what benchmarks/results holds

No figure in the documents is typed by hand.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from clan.schema import GROUPS, KINDS, features_of

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = tuple(
    ROOT / path
    for path in (
        "README.md",
        "docs/benchmarks.md",
        "docs/method.md",
        "docs/naming.md",
        "docs/robustness.md",
        "docs/reasons.md",
        "docs/sources/tables.md",
        "docs/features.md",
        "docs/sources.md",
        "docs/budget.md",
        "docs/context.md",
        "docs/lab.md",
        "docs/sinks.md",
        "docs/alerts.md",
    )
)
RESULTS = ROOT / "benchmarks" / "results"
PLACE = re.compile(r"(<!-- figure (\w+): begin -->\n).*?(<!-- figure \2: end -->)", re.DOTALL)
"""Where a document shows what a benchmark printed."""
SCRIPTS = {
    "packets": ("Packets to flows", "benchmarks/speed/packets.py"),
    "flood": ("A flood of new flows", "benchmarks/speed/flood.py"),
    "context": ("Context of flows", "benchmarks/speed/context.py"),
    "tables": ("Tables of flows and NetFlow", "benchmarks/speed/tables.py"),
    "parallel": ("Several captures by several processes", "benchmarks/speed/parallel.py"),
    "records": ("Flow records", "benchmarks/speed/records.py --records 400000"),
    "fuzz_records": ("Fuzzing of what reads records", "benchmarks/quality/fuzz.py"),
    "memory": ("Memory of detection on flow records", "benchmarks/speed/memory.py"),
    "zeek": ("Detection on labelled Zeek logs", "benchmarks/quality/zeek.py"),
    "sinks": ("Alerts through sinks", "benchmarks/speed/sinks.py --alerts 2000"),
    "store": ("Alerts through the store", "benchmarks/speed/store.py"),
    "incidents": ("Incidents of scans, floods and password guessing", "benchmarks/quality/incidents.py"),
    "training": ("Training and scoring", "benchmarks/speed/training.py"),
    "train_memory": ("Memory of training", "benchmarks/speed/train_memory.py"),
    "reasons": ("Deletion test of the reasons", "benchmarks/quality/reasons.py"),
    "reasons_speed": ("What reasons cost", "benchmarks/speed/reasons.py"),
    "scoring": ("Scoring", "benchmarks/speed/training.py --scoring"),
    "lab": ("Within ten alerts a day, and at the other site", "benchmarks/quality/lab.py"),
    "study_scalers": ("Study: scalers", "benchmarks/quality/studies/scalers.py"),
    "study_negatives": ("Study: negatives and networks", "benchmarks/quality/studies/negatives.py"),
    "study_spaces": ("Study: distances and spaces", "benchmarks/quality/studies/spaces.py --seeds 2"),
    "study_positives": ("Study: positives", "benchmarks/quality/studies/positives.py --seeds 2"),
    "p1": ("Detection by data set (protocol P1)", "benchmarks/quality/p1.py --kept"),
    "p1_best": ("Detection by data set (protocol P1)", "benchmarks/quality/p1.py --kept --best 8"),
    "p1_classes": ("Detection by class (protocol P1)", "benchmarks/quality/p1.py --kept --classes"),
    "p3": ("Real captures of many networks (protocol P3)", "benchmarks/quality/p3.py"),
    "study_columns": (
        "Study: a forest that knows the attacks of other networks",
        "benchmarks/quality/studies/columns.py --splits 1",
    ),
    "nearest": ("Attack flows beside the benign ones most like them", "benchmarks/quality/nearest.py"),
    "p2": ("Naming from a few labelled flows (protocol P2)", "benchmarks/quality/p2.py"),
    "p2_open": ("What is unknown (protocol P2, open set)", "benchmarks/quality/p2.py --open --seeds 10"),
    # without a network: with it, six shares of attacks on two data sets take an hour
    "dirty": (
        "Attacks among the training rows",
        "benchmarks/quality/dirty.py --seeds 2 --max-class-rows 5000 "
        "--detectors clan:feature_prototypes,clan:feature_prototypes:clean",
    ),
    # without a network: 1,400 detectors with one would take days
    "budget": ("Is the interval true, and is drift noticed", "benchmarks/quality/budget.py --first-seed 30000"),
    "budget_time": ("Splits in the order of time", "benchmarks/quality/budget.py --time"),
}


def run(name: str) -> None:
    """Run one benchmark and keep what it printed, with the commit and the machine that it ran on."""
    title, command = SCRIPTS[name]
    script, *options = command.split()
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *options], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    processor = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown processor",
    )
    head = (
        f"### {title}\n\n`python {command}` at {commit.stdout.strip()}, {datetime.now(UTC):%Y-%m-%d}, {processor}\n\n"
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(head + done.stdout.strip() + "\n")


def feature_table(group: str) -> str:
    """Write the columns of a feature group as the schema has them."""
    lines = ["| column | unit | meaning | told by |", "|---|---|---|---|"]
    for feature in features_of([group]):
        meaning = feature.meaning.replace("|", "\\|")
        lines.append(f"| `{feature.name}` | {feature.unit} | {meaning} | {', '.join(feature.sources)} |")
    return "\n".join(lines) + "\n"


def source_table(group: str) -> str:
    """Write how each kind of source tells the columns of a feature group, with notes where it is not exact."""
    notes: dict[str, int] = {}
    lines = [f"| column | {' | '.join(KINDS)} |", "|---|" + "---|" * len(KINDS)]
    for feature in features_of([group]):
        cells = []
        for kind in KINDS:
            how = feature.told_by(kind)
            if how and how != "exact":
                how = f"approx. ({notes.setdefault(how.removeprefix('approximate: '), len(notes) + 1)})"
            cells.append(how or "-")
        lines.append(f"| `{feature.name}` | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"({number}) {how}  " for how, number in notes.items())]) + "\n"


def group_table() -> str:
    """Write how many columns of each feature group each kind of source tells exactly, approximately, or not at all."""
    lines = [f"| group | {' | '.join(KINDS)} |", "|---|" + "---|" * len(KINDS)]
    for group in GROUPS:
        features = features_of([group])
        cells = []
        for kind in KINDS:
            told = [feature.told_by(kind) for feature in features]
            exact = sum(how == "exact" for how in told)
            roughly = sum(how is not None for how in told) - exact
            shown = [f"{n} {word}" for n, word in ((exact, "exact"), (roughly, "approx.")) if n]
            cells.append(", ".join(shown) or "-")
        lines.append(f"| `{group}` ({len(features)}) | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def with_figures(text: str) -> str:
    """Fill the places of a document with what the benchmarks printed; a place without a result stays empty.

    Tables of features come from the schema.
    """

    def fill(place: re.Match[str]) -> str:
        if place[2].startswith("features_"):
            return f"{place[1]}{feature_table(place[2].removeprefix('features_'))}{place[3]}"
        if place[2] == "groups":
            return f"{place[1]}{group_table()}{place[3]}"
        if place[2].startswith("sources_"):
            return f"{place[1]}{source_table(place[2].removeprefix('sources_'))}{place[3]}"
        result = RESULTS / f"{place[2]}.md"
        return f"{place[1]}{result.read_text() if result.exists() else ''}{place[3]}"

    return PLACE.sub(fill, text)


def main() -> None:
    """Run what was asked for, and write or check the README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="run nothing, write nothing, compare")
    parser.add_argument("--only", choices=SCRIPTS, action="append", help="run only this benchmark; repeatable")
    arguments = parser.parse_args()
    if not arguments.check:
        for name in arguments.only or SCRIPTS:
            run(name)
    stale = [path for path in DOCUMENTS if with_figures(path.read_text()) != path.read_text()]
    if arguments.check:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        sys.exit(f"not what benchmarks/results holds: {names}" if stale else None)
    for path in stale:
        path.write_text(with_figures(path.read_text()))


if __name__ == "__main__":
    main()
