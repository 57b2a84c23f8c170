"""Sinks are exchanged while the watch goes on, and one that fails stops nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.alerts.frames import alerts_of, scored_frame

from clan.alerts import Alert, open_sink
from clan.errors import ClanError, SinkError
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
    outlets.apply([tables["a"], tables["c"]])
    outlets.emit(ALERT)
    assert {name: count["sent"] for name, count in outlets.counters().items()} == {"a": 2, "c": 1}
    outlets.close()
    outlets.close()
    written = {path.name: lines(path) for path in tmp_path.iterdir() if path.is_file()}
    assert written == {"a.1": 1, "a.ndjson": 1, "b.ndjson": 1, "c.ndjson": 1}


def test_a_sink_that_cannot_be_opened_changes_nothing(tables: dict[str, SinkTable], tmp_path: Path) -> None:
    outlets = Outlets([tables["a"]])
    nowhere = SinkTable.read_table({"url": "file:no/folder/x.ndjson", "name": "x"}, tmp_path)
    with pytest.raises(ClanError, match="no/folder"):
        outlets.apply([tables["b"], nowhere])
    outlets.emit(ALERT)
    outlets.close()
    assert lines(tmp_path / "a.ndjson") == 1


class Failing:
    """A sink whose receiver says no."""

    name = "failing"

    def emit(self, event: Alert, /) -> None:
        """Fail."""
        raise SinkError("the receiver is gone")

    def counters(self) -> dict[str, Any]:
        """Nothing was sent."""
        return {"sent": 0, "dropped": {}}

    def __enter__(self) -> Failing:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to release."""

    def close(self) -> None:
        """Nothing to release."""


def test_one_that_fails_is_counted_and_said_once(
    tables: dict[str, SinkTable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened = open_sink
    monkeypatch.setattr(module, "open_sink", lambda s, **how: Failing() if s.name == "b" else opened(s, **how))
    outlets = Outlets([tables["b"], tables["a"]])
    outlets.emit(ALERT)
    outlets.emit(ALERT)
    assert outlets.counters()["failing"]["dropped"] == {"failed": 2}
    assert outlets.counters()["a"]["sent"] == 2
    assert caplog.text.count("the receiver is gone") == 1
    outlets.close()


def test_paths_count_from_the_folder_and_secrets_are_not_shown(tmp_path: Path) -> None:
    table = SinkTable.read_table({"url": "file:x.ndjson?rotate=1MB"}, tmp_path)
    assert table.settings.address.path == str(tmp_path / "x.ndjson")
    assert table.shown() == {"url": "file:x.ndjson?rotate=1MB"}
    assert "x.ndjson" not in repr(table)
