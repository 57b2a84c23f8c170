"""Sinks are exchanged while the watch goes on, and one that fails stops nobody."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.alerts.delivery.fakes import FakeTransport
from tests.alerts.frames import alerts_of, scored_frame

from clan.alerts import open_sink
from clan.alerts.sinks import DirectSink, encoding_of
from clan.errors import ClanError, ConfigError
from clan.watch import outlets as module
from clan.watch.outlets import Outlets
from clan.watch.sink_table import SinkTable

ALERT = alerts_of(scored_frame(n=20, n_alerts=1))[0]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, SinkTable]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return {
        name: SinkTable.read_table({"url": f"file:{name}.ndjson", "name": name}, tmp_path) for name in ("a", "b", "c")
    }


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_sinks_come_and_go(tables: dict[str, SinkTable], tmp_path: Path) -> None:
    outlets = Outlets([tables["a"], tables["b"]])
    outlets.emit(ALERT)
    (tmp_path / "a.ndjson").rename(tmp_path / "a.1")
    with outlets.exchanged([tables["a"], tables["c"]]):
        pass
    outlets.emit(ALERT)
    assert {name: count["sent"] for name, count in outlets.counters().items()} == {"a": 2, "c": 1}
    outlets.close()
    outlets.close()
    written = {path.name: lines(path) for path in tmp_path.iterdir() if path.is_file()}
    assert written == {"a.1": 1, "a.ndjson": 1, "b.ndjson": 1, "c.ndjson": 1}


def test_a_sink_that_cannot_be_opened_changes_nothing(tables: dict[str, SinkTable], tmp_path: Path) -> None:
    outlets = Outlets([tables["a"]])
    nowhere = SinkTable.read_table({"url": "file:no/folder/x.ndjson", "name": "x"}, tmp_path)
    with pytest.raises(ClanError, match="no/folder"), outlets.exchanged([tables["b"], nowhere]):
        raise AssertionError
    outlets.emit(ALERT)
    outlets.close()
    assert lines(tmp_path / "a.ndjson") == 1


@pytest.mark.parametrize("url", ["file:no/folder/x.ndjson", "file:other.ndjson"])
def test_a_sink_of_the_same_name_that_fails_leaves_the_old_one_open(
    url: str, tables: dict[str, SinkTable], tmp_path: Path
) -> None:
    outlets = Outlets([tables["a"], tables["b"]])
    outlets.emit(ALERT)
    other = SinkTable.read_table({"url": url, "name": "a"}, tmp_path)
    with pytest.raises(ClanError, match=r"no/folder|something else"), outlets.exchanged([other]):
        raise ConfigError("something else")
    outlets.emit(ALERT)
    assert [count["dropped"] for count in outlets.counters().values()] == [{}, {}]
    outlets.close()
    assert (lines(tmp_path / "a.ndjson"), lines(tmp_path / "b.ndjson")) == (2, 2)


def test_a_sink_that_cannot_be_opened_again_says_so(
    tables: dict[str, SinkTable], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outlets = Outlets([tables["a"]])

    def refused(*_: object, **__: object) -> None:
        raise ConfigError("no more sinks")

    monkeypatch.setattr(module, "open_sink", refused)
    other = SinkTable(table={}, settings=tables["a"].settings)
    with pytest.raises(ClanError, match="no more sinks"), outlets.exchanged([other]):
        raise AssertionError
    outlets.emit(ALERT)
    assert "sink a cannot be opened again: no more sinks" in caplog.text
    assert outlets.counters()["a"]["dropped"] == {"closed": 1}


def test_one_that_fails_is_counted_and_said_once(
    tables: dict[str, SinkTable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = FakeTransport()
    away.up = False
    failing, opened = DirectSink(encoding_of("eve"), away, name="b"), open_sink
    monkeypatch.setattr(module, "open_sink", lambda s, **how: failing if s.name == "b" else opened(s, **how))
    outlets = Outlets([tables["b"], tables["a"]])
    outlets.emit(ALERT)
    outlets.emit(*[ALERT] * 600)
    assert outlets.counters()["b"]["dropped"] == {"failed": 601}
    assert outlets.counters()["a"]["sent"] == 601
    assert caplog.text.count("fake:1 is away") == 1
    outlets.close()


def test_a_log_that_is_told_everything_has_a_line_for_each_alert(
    tables: dict[str, SinkTable], caplog: pytest.LogCaptureFixture
) -> None:
    outlets = Outlets([tables["a"]])
    outlets.emit(ALERT)
    assert ALERT.alert_id not in caplog.text
    caplog.set_level(logging.DEBUG, "clan")
    outlets.emit(ALERT)
    outlets.close()
    assert caplog.text.count(f"alert {ALERT.alert_id}: ") == 1


def test_paths_count_from_the_folder_and_secrets_are_not_shown(tmp_path: Path) -> None:
    table = SinkTable.read_table({"url": "file:x.ndjson?rotate=1MB"}, tmp_path)
    assert table.settings.address.path == str(tmp_path / "x.ndjson")
    assert table.shown() == {"url": "file:x.ndjson?rotate=1MB"}
    assert "x.ndjson" not in repr(table)
