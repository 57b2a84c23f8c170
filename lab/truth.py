"""Truth: what the attackers' own log says, as lines that name flows by hosts, ports and time."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lab.attacks import Attack, Scheduled, Target
from lab.worker import ATTACK

COLUMNS = (
    "ts_start", "ts_end", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "label", "attack", "source", "number",
)  # fmt: skip
"""The first eight are what `clan evaluate --labels` reads; the others say which attack a line belongs to."""
SIDE_EFFECT = "side_effect"
"""The label of what is not the attack but comes of it: a name looked up, an ICMP error, an answer that comes late."""
SETTLE_S = 1.0
"""After the program's end: the last answers are under way."""
LATE_S = 90.0
"""Servers may answer, or end a connection, so much later."""


def label_lines(scheduled: Sequence[Scheduled], log: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Join the plan with the log: one line for each attack and target, then those of side effects.

    Args:
        scheduled: The attacks, in the order of their numbers.
        log: What the workers said.

    Returns:
        Rows of `COLUMNS`; None stands for any value. The first line that means a flow names it, so attacks come first.
    """
    spans: dict[int, tuple[float, float]] = {}
    for entry in log:
        kind = str(entry["kind"])
        if not kind.startswith(ATTACK):
            continue
        number, begin, end = int(kind.split()[1]), float(str(entry["begin"])), float(str(entry["end"]))
        known = spans.get(number, (begin, end))
        spans[number] = (min(known[0], begin), max(known[1], end))
    attacks, effects = [], []
    for number, (begin, end) in sorted(spans.items()):
        attack = scheduled[number].attack
        last = end + SETTLE_S
        attacks += [_line(number, attack, each, begin, last, attack.label) for each in attack.targets]
        effects += [_line(number, attack, each, begin, last, SIDE_EFFECT) for each in attack.side_effects]
        if attack.exclusive:
            effects += [_line(number, attack, each, last, end + LATE_S, SIDE_EFFECT) for each in attack.targets]
    return attacks + effects


def write_labels(path: Path, lines: Sequence[Mapping[str, object]]) -> None:
    """Write them as CSV."""
    with path.open("w", newline="") as sink:
        writer = csv.DictWriter(sink, fieldnames=COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def count_flows(capture: Path, labels: Path | None) -> dict[str, int]:
    """Count the flows of each class in a capture, as clan reads it; lines of the labels that mean none are removed.

    Args:
        capture: A recording.
        labels: Its labels, which are written again where there are lines too many; None for a benign one.
    """
    from clan import read_flows
    from clan.sources.tabular import label_flows, read_labels

    flows = read_flows(capture)
    if labels is None:
        return {"benign": flows.height}
    lines, rows = read_labels(labels), list(csv.DictReader(labels.read_text().splitlines()))
    used = [number for number in range(len(rows)) if label_flows(flows, lines[number : number + 1])[0].count()]
    write_labels(labels, [rows[number] for number in used])
    found = label_flows(flows, read_labels(labels))[0].fill_null("benign")
    return {str(name): int(n) for name, n in sorted(found.value_counts().rows())}


def _line(number: int, attack: Attack, target: Target, begin: float, end: float, label: str) -> dict[str, object]:
    return {
        "ts_start": _time(begin), "ts_end": _time(end), "src_ip": attack.source.address,
        "src_port": target.source_port, "dst_ip": target.address, "dst_port": target.port,
        "protocol": target.protocol, "label": label, "attack": attack.label, "source": attack.source.name,
        "number": number,
    }  # fmt: skip


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
