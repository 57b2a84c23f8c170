"""Two recordings of the same plan side by side: the same classes, and counts that are alike."""

from __future__ import annotations

import json
from pathlib import Path

from lab.errors import LabError

MOST_APART = 0.3
"""Counts of benign flows and of packets may differ by this share of the larger; attacks take what time they take."""


def compare(first: Path, second: Path) -> tuple[str, bool]:
    """Compare two folders of recordings.

    Returns:
        A table as text, and whether they hold the same classes and comparable counts of benign flows.

    Raises:
        LabError: A folder holds no recording, or they hold different ones.
    """
    left, right = _reports(first), _reports(second)
    if left.keys() != right.keys():
        raise LabError(f"{first} holds {', '.join(left)}, {second} holds {', '.join(right)}")
    lines, alike = [f"{'recording':14} {'class':22} {'first':>8} {'second':>8} {'ratio':>6}"], True
    for name, report in left.items():
        one, other = report["flows"], right[name]["flows"]
        alike &= one.keys() == other.keys()
        for label in sorted(one.keys() | other.keys()):
            here, there = one.get(label, 0), other.get(label, 0)
            ratio = there / here if here else float("inf")
            lines.append(f"{name:14} {label:22} {here:8} {there:8} {ratio:6.2f}")
            if label == "benign":
                alike &= abs(here - there) <= MOST_APART * max(here, there)
    lines.append("the same classes, comparable counts" if alike else "NOT alike")
    return "\n".join([*lines, ""]), alike


def _reports(folder: Path) -> dict[str, dict[str, dict[str, int]]]:
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*-*.json"))}
    if not found:
        raise LabError(f"{folder} holds no recording")
    return found
