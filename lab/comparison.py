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
        A table as text, and whether what both hold has the same classes and comparable counts of benign flows. What
        only one of them holds is named below the table.

    Raises:
        LabError: A folder holds no recording, or they have none in common.
    """
    left, right = _reports(first), _reports(second)
    alone = sorted(left.keys() ^ right.keys())
    if not left.keys() & right.keys():
        raise LabError(f"{first} holds {', '.join(left)}, {second} holds {', '.join(right)}")
    lines, alike = [f"{'recording':14} {'class':22} {'first':>8} {'second':>8} {'ratio':>6}"], True
    for name in sorted(left.keys() & right.keys()):
        one, other = left[name]["flows"], right[name]["flows"]
        alike &= one.keys() == other.keys()
        for label in sorted(one.keys() | other.keys()):
            here, there = one.get(label, 0), other.get(label, 0)
            ratio = there / here if here else float("inf")
            lines.append(f"{name:14} {label:22} {here:8} {there:8} {ratio:6.2f}")
            if label == "benign":
                alike &= abs(here - there) <= MOST_APART * max(here, there)
    if alone:
        lines.append(f"in one of them only: {', '.join(alone)}")
    lines.append("the same classes, comparable counts" if alike else "NOT alike")
    return "\n".join([*lines, ""]), alike


def _reports(folder: Path) -> dict[str, dict[str, dict[str, int]]]:
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*-*.json"))}
    if not found:
        raise LabError(f"{folder} holds no recording")
    return found
