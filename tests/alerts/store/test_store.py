"""What was committed is there: after kill -9, in an older file, until it is too old or too much."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.alerts.attacks import START, flood, guessing, make_alert, port_scan

from clan.alerts import IncidentTracker, Triage, suppression
from clan.alerts.store import FeatureRows, Query, Retention, Store
from clan.alerts.store.schema import APPLICATION_ID, MIGRATIONS, VERSION
from clan.alerts.suppression import network
from clan.errors import ConfigError, DataError, StoreError

ROOT = Path(__file__).parents[3]


def test_killed_writer_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path, written = str(tmp_path / "clan.db"), 0
    random = np.random.default_rng(0)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    for _ in range(6):
        command = [sys.executable, str(Path(__file__).with_name("writing.py")), path, str(written)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(float(random.uniform(0.0, 0.15)))
            writer.send_signal(signal.SIGKILL)
            said = [first, *writer.stdout.read().splitlines(keepends=True)]
        committed = max(int(line) for line in said if line.endswith("\n"))  # the last line may be cut off
        with Store(path) as store:
            (verdict,) = store._connection.execute("PRAGMA integrity_check").fetchone()
            assert verdict == "ok"
            found = {stored.alert.uid for stored in store.alerts()}
            assert {f"C{i}" for i in range(committed)} <= found
            assert len(found) % 40 == 0  # a batch is there as a whole or not at all
            assert store.features()["a"].null_count() == 0
            written = len(found)
    assert written > 240


def test_alert_and_incident_come_back_as_they_were(tmp_path: Path) -> None:
    alerts = [make_alert(1), make_alert(2, at=None, src=None, dst=None, port=None, protocol=None, label="scan")]
    tracker = IncidentTracker()
    incidents = [event for alert in alerts for event in tracker.add(alert).events]
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write(alerts, incidents=incidents)
        assert [stored.alert for stored in store.alerts()] == alerts
        assert store.alert(alerts[0].alert_id[:9]) == (alerts[0], None)
        assert store.incident(incidents[0].incident_id[:9]) == incidents[0]


def test_same_flow_judged_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write([make_alert(1, model_id="old")])
        store.write([make_alert(1, model_id="new")])
        assert [stored.alert.model_id for stored in store.alerts()] == ["new"]


def test_merged_incidents_take_their_alerts_along(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        triage = Triage(incidents=IncidentTracker(), store=store)
        alerts = flood(100)
        for alert in alerts:
            triage.handle([alert])
        triage.close()
        (incident,) = store.incidents()
        assert incident.n_alerts == 100
        assert store.count_alerts(Query(incident_id=incident.incident_id)) == 100
        assert {stored.alert.incident_id for stored in store.alerts()} == {incident.incident_id}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), 61),
        (Query(src=network("10.9.0.0/16", "")), 60),
        (Query(host=network("10.0.0.22", "")), 10),
        (Query(dst=network("10.0.0.2", ""), port=7), 1),
        (Query(protocol=17), 0),
        (Query(label="SCAN"), 1),
        (Query(severity=3), 1),
        (Query(since=START + timedelta(seconds=1)), 9),
        (Query(until=START + timedelta(seconds=1)), 51),
        (Query(model_id="m2"), 1),
        (Query(limit=3), 3),
    ],
)
def test_filters_find_what_fits(tmp_path: Path, query: Query, expected: int) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        one = make_alert(999, "192.0.2.1", "192.0.2.2", at=None, label="scan", severity=2, model_id="m2")
        store.write([*port_scan(50), *guessing(10), one])
        assert len(list(store.alerts(query))) == expected
        assert query.limit or store.count_alerts(query) == expected


def test_class_is_found_in_any_case_of_any_alphabet(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write([make_alert(1, label="Ä-Scan"), make_alert(2, label="a-scan"), make_alert(3)])
        assert [stored.alert.uid for stored in store.alerts(Query(label="ä-SCAN"))] == ["C1"]
        assert store.suppression_table.add(suppression(label="Ä-scan")) == 1
        assert store.count_alerts() == 2


def test_hostile_text_is_data(tmp_path: Path) -> None:
    hostile = "'; DROP TABLE alert; -- \x00\x1b[31m"
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write([make_alert(1, label=hostile, src=hostile, source=hostile), make_alert(2)])
        assert store.count_alerts(Query(label=hostile)) == 1
        assert store.suppression_table.add(suppression(label=hostile, reason=hostile)) == 1
        assert store.count_alerts() == 1
        for bad in ("", "%", "' OR 1=1 --", "g", "0" * 13):
            with pytest.raises(StoreError, match="is no id"):
                store.alert(bad)


def test_id_that_fits_none_or_several_is_an_error(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write(port_scan(100))
        with pytest.raises(StoreError, match=r"begins with 0000000000, found none"):
            store.alert("0000000000")
        with pytest.raises(StoreError, match=r"found several: [0-9a-f]{12}, "):
            store.alert(next(store.alerts()).alert.alert_id[0])


def test_two_models_of_other_features_share_a_store(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write([make_alert(1)], features=FeatureRows(names=("a", "b"), values=np.array([[1.0, np.nan]])))
        store.write([make_alert(2)], features=FeatureRows(names=("b", "c"), values=np.array([[np.inf, 3.0]])))
        store.write([make_alert(3)])
        table = store.features().sort("uid")
        assert table.select("uid", "a", "b", "c").rows() == [("C1", 1.0, None, None), ("C2", None, np.inf, 3.0)]
        with pytest.raises(DataError, match="expected features of 2 alerts, got 1"):
            store.write(port_scan(2), features=FeatureRows(names=("a",), values=np.zeros((1, 1))))
        with pytest.raises(DataError, match="expected 1 columns of features"):
            FeatureRows(names=("a",), values=np.zeros((1, 2)))


def test_too_much_and_too_old_is_deleted_oldest_first(tmp_path: Path) -> None:
    limit = 4 << 20
    with Store(tmp_path / "clan.db", create=True, retention=Retention(max_bytes=limit, max_days=None)) as store:
        for i in range(4):
            store._prune_at = 0  # look at the size each time
            store.write(port_scan(6_000, first=6_000 * i))
        assert store.n_bytes <= limit
        assert store.n_pruned > 0
        assert store.n_pruned + store.count_alerts() == 24_000
        assert store.alert(port_scan(1, first=23_999)[0].alert_id)
        store._connection.execute("UPDATE alert SET stored_us = stored_us - 86400000000 * 9 WHERE id % 2 = 0")
        left = store.count_alerts()
        assert store.prune(Retention(max_bytes=None, max_days=8)) == pytest.approx(left / 2, abs=1)
    with pytest.raises(ConfigError, match="at least 1 MiB, got 5 bytes"):
        Retention(max_bytes=5)
    with pytest.raises(ConfigError, match="more than 0 days"):
        Retention(max_days=0)


def test_file_gets_smaller_when_alerts_are_deleted(tmp_path: Path) -> None:
    path = tmp_path / "clan.db"
    with Store(path, create=True) as store:
        store.write(port_scan(5_000))
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        store._connection.execute("UPDATE alert SET stored_us = 0 WHERE id % 10 > 0")
        assert store.prune(Retention(max_bytes=None, max_days=1)) == 4_500
        assert path.stat().st_size < before / 2
        assert path.stat().st_size - store.n_bytes < 2 * 8192  # hardly a page lies there for nothing


def test_other_databases_and_newer_stores_are_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE mail (id)")
    with pytest.raises(StoreError, match="is a database, but no store of clan"):
        Store(tmp_path / "other.db")
    (tmp_path / "text.db").write_text("x" * 5000)
    with pytest.raises(StoreError, match="cannot be opened: file is not a database"):
        Store(tmp_path / "text.db")
    with pytest.raises(StoreError, match="there is no store"):
        Store(tmp_path / "none.db")
    Store(tmp_path / "new.db", create=True).close()
    with sqlite3.connect(tmp_path / "new.db") as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match="written by a newer clan"):
        Store(tmp_path / "new.db")


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_store_of_each_earlier_version_becomes_one_of_today(tmp_path: Path, version: int) -> None:
    path = tmp_path / "clan.db"
    old = sqlite3.connect(path, isolation_level=None)
    for script in MIGRATIONS[:version]:
        old.executescript(script)
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute(f"PRAGMA user_version = {version}")
    old.close()
    with Store(path) as store:
        store.write(guessing(3))
        assert store.count_alerts() == 3
        (now,) = store._connection.execute("PRAGMA user_version").fetchone()
        assert now == VERSION


def test_store_is_for_its_owner_and_stays_for_whom_it_is_opened_to(tmp_path: Path) -> None:
    path, before = tmp_path / "clan.db", os.umask(0o022)
    try:
        with Store(path, create=True) as store:
            store.write(guessing(1))
            files = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
            assert files == {"clan.db": 0o600, "clan.db-wal": 0o600, "clan.db-shm": 0o600}
        path.chmod(0o640)
        with Store(path, create=True) as store:
            assert store.count_alerts() == 1
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    finally:
        os.umask(before)


def test_durability_and_pages_are_what_was_asked_for(tmp_path: Path) -> None:
    with (
        Store(tmp_path / "a.db", create=True) as normal,
        Store(tmp_path / "b.db", create=True, synchronous="full") as full,
    ):
        levels = [store._connection.execute("PRAGMA synchronous").fetchone()[0] for store in (normal, full)]
        (page,) = normal._connection.execute("PRAGMA page_size").fetchone()
        (vacuum,) = normal._connection.execute("PRAGMA auto_vacuum").fetchone()
    assert levels == [1, 2]
    assert (page, vacuum) == (8192, 2)  # neither is heard any more once there is a table
