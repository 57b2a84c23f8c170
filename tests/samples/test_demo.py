"""The demo's join of flows with labelled windows, and its table."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import pytest
from examples.demo import label_or_benign, show, show_false_alarms, summarise
from rich.console import Console

from clan.sources.tabular import read_labels

LABELS = """ts_start,ts_end,src_ip,dst_ip,dst_port,protocol,label
2026-01-01T10:00:10.000000+00:00,2026-01-01T10:00:20.000000+00:00,10.0.0.9,10.0.0.1,80,6,flood
"""


@pytest.fixture
def windows(tmp_path: Path) -> pl.DataFrame:
    path = tmp_path / "labels.csv"
    path.write_text(LABELS)
    return read_labels(path)


def flow(
    second: int, source: tuple[str, int | None], target: tuple[str, int | None], protocol: int
) -> dict[str, object]:
    """One scored flow that starts `second` seconds after ten."""
    start = datetime.datetime(2026, 1, 1, 10, 0, second, tzinfo=datetime.UTC)
    hosts = {"src_ip": source[0], "src_port": source[1], "dst_ip": target[0], "dst_port": target[1]}
    return {"ts_start": start, "ts_end": start, **hosts, "protocol": protocol, "alert": second % 2 == 0}


ATTACKER, SERVER, OTHER = ("10.0.0.9", 5000), ("10.0.0.1", 80), ("10.0.0.2", 5001)


def test_table_counts_alerts_and_shows_the_budget(windows: pl.DataFrame) -> None:
    rows = [
        flow(12, ATTACKER, SERVER, 6),
        flow(13, ATTACKER, SERVER, 6),
        flow(2, OTHER, SERVER, 6),
        flow(3, OTHER, SERVER, 6),
    ]
    labelled = label_or_benign(pl.DataFrame(rows), windows)
    summary = summarise(labelled)
    assert summary.rows() == [("benign", 2, 1, 0.5), ("flood", 2, 1, 0.5)]
    console = Console(record=True, width=80, quiet=False, file=None, force_terminal=False)
    with console.capture() as shown:
        show(summary, console)
        show_false_alarms(labelled, pl.DataFrame({"alert": [True, False, False]}), 10, console)
    told = " ".join(shown.get().split())
    assert "alerts on another quiet day: 1 of 3 flows; the budget is 10 a day" in told
    # the benign alert came before the attack
    assert "alerts on benign flows of the day with attacks: 1, 0 of them on a host" in told
    assert "classes with an alert: 1 of 1" in told
