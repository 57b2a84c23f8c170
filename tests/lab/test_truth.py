"""Labels are what the attackers' log says: exact windows, attacks before side effects."""

from __future__ import annotations

import csv
from pathlib import Path

from lab.attacks import attack_plan
from lab.plan import Clock
from lab.sites import SITES
from lab.truth import COLUMNS, LATE_S, SETTLE_S, SIDE_EFFECT, label_lines, write_labels

from clan.sources.tabular import read_labels

SCHEDULED = attack_plan(SITES["alpha"], 1, Clock(seconds=300))


def entry(number: int, begin: float, end: float) -> dict[str, object]:
    return {"kind": f"attack {number} {SCHEDULED[number].attack.label}", "begin": begin, "end": end}


def test_a_line_for_each_target_from_when_to_when(tmp_path: Path) -> None:
    number = next(n for n, one in enumerate(SCHEDULED) if one.attack.label == "http_flood")
    lines = label_lines(SCHEDULED, [entry(number, 100.0, 110.0), entry(number, 103.0, 120.0), {"kind": "browse"}])
    path = tmp_path / "labels.csv"
    write_labels(path, lines)
    read = read_labels(path)
    assert read["label"].to_list() == ["http_flood", SIDE_EFFECT]
    start, end = read.row(0, named=True)["ts_start"], read.row(0, named=True)["ts_end"]
    assert (start.timestamp(), end.timestamp()) == (100.0, 120.0 + SETTLE_S)
    late = read.row(1, named=True)
    assert (late["ts_start"], late["ts_end"].timestamp()) == (end, 120.0 + LATE_S)
    assert read.row(0, named=True)["protocol"] == 6


def test_side_effects_come_last_and_say_of_what(tmp_path: Path) -> None:
    log = [entry(number, 10.0 * number, 10.0 * number + 5) for number in range(len(SCHEDULED))]
    path = tmp_path / "labels.csv"
    write_labels(path, label_lines(SCHEDULED, log))
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    kinds = [row["label"] == SIDE_EFFECT for row in rows]
    assert kinds == sorted(kinds)
    assert {row["attack"] for row in rows} == {one.attack.label for one in SCHEDULED}
    looked_up = [row for row in rows if row["attack"] == "beacon" and row["dst_port"] == "53"]
    assert looked_up
    assert all(row["src_port"] and row["label"] == SIDE_EFFECT for row in looked_up)


def test_an_attack_that_never_ran_has_no_line() -> None:
    assert label_lines(SCHEDULED, []) == []
