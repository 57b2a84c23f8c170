"""A log has a line for each incident, not too many at a time, and one now and then on how it goes."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from tests.watch.snapshots import STATUS, event, snapshot

from clan.watch import PlainLog
from clan.watch.plain import MOST_A_TURN


def test_lines_of_a_log(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = PlainLog(60.0, clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        log.update(snapshot(news=(event(), event(state="closed", severity=3)), n_news=2))
        assert [record.getMessage() for record in caplog.records] == [
            "incident 0123456789ab new, high: 10.0.0.1 to 10.0.0.2: 3 TCP flows, port 80 (idle_max)",
            "incident 0123456789ab ended, low: 10.0.0.1 to 10.0.0.2: 3 TCP flows, port 80",
        ]
        caplog.clear()
        log.update(snapshot(news=(event(),) * 100, n_news=5000))
        assert len(caplog.records) == MOST_A_TURN + 1
        assert caplog.records[-1].getMessage() == f"and {5000 - MOST_A_TURN:,} more"
        caplog.clear()
        now[0] = 60.0
        log.update(snapshot())
        (line,) = [record.getMessage() for record in caplog.records]
        assert "14 alerts in 12,345 flows" in line
        assert "3 incidents (2 open)" in line
        log.update(snapshot())
        assert len(caplog.records) == 1
        log.update(snapshot(status=replace(STATUS, ended=True)))
        assert len(caplog.records) == 2
