"""Statistics records: when they are written, what is in them, and that the last one has the final numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.flows.run import SMALL
from tests.live.test_command import STATUS
from tests.test_monitor import make_flows

from clan import ClanDetector
from clan.monitor import Monitor
from clan.sources import LiveReader
from clan.sources.live import reader as reader_module
from clan.sources.live import source as source_module


@pytest.fixture(scope="module")
def detector() -> ClanDetector:
    source = {"kind": "packets", "settings": {}}
    return ClanDetector(fpr=0.05, epochs=1, random_state=0).fit(make_flows(300, 0), source=source)


def test_every_so_many_seconds_and_at_the_end(detector: ClanDetector) -> None:
    lines: list[str] = []
    monitor = Monitor(detector, stats=lines.append, stats_every_s=10)
    for second in (1, 9, 10, 11, 19, 20, 55, 56, 64, 65):
        monitor.note(replace(STATUS, seconds=second))
    monitor.note(replace(STATUS, seconds=66.5, ended=True))
    assert [json.loads(line)["stats"]["uptime"] for line in lines] == [10, 20, 55, 65, 66]


def test_unknown_drops_are_left_out(detector: ClanDetector) -> None:
    lines: list[str] = []
    monitor = Monitor(detector, stats=lines.append)
    for dropped in (None, 0, 12):
        monitor.note(replace(STATUS, kernel_dropped=dropped, counts={"packets": 3, "bytes": 99}, ended=True))
    records = [json.loads(line) for line in lines]
    assert {record["event_type"] for record in records} == {"stats"}
    assert [record["stats"].get("capture") for record in records] == [None, {"kernel_drops": 0}, {"kernel_drops": 12}]
    assert records[0]["stats"]["decoder"] == {"pkts": 1_234_567, "bytes": 99}
    assert records[0]["stats"]["clan"]["counts"] == {"packets": 3, "bytes": 99}


def test_a_capture_writes_them(
    install: Callable[..., None], detector: ClanDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("burst")
    monkeypatch.setattr(source_module, "check_interface", lambda _: None)
    monkeypatch.setattr(reader_module, "STATUS_EVERY_S", 0)
    reader, lines = LiveReader(["one"], settings=SMALL), list[str]()
    reader.on_status = lambda status: reader.stop() if status.packets == 4004 else None
    Monitor(detector, stats=lines.append, stats_every_s=1e-6).run(reader)
    first, last = (json.loads(lines[i])["stats"] for i in (0, -1))
    assert first["decoder"]["pkts"] <= last["decoder"]["pkts"] == 4004
    assert last["capture"] == {"kernel_drops": 7}
    assert (last["clan"]["flows"], last["clan"]["open_flows"]) == (2001, 0)
    assert "capture" not in first
