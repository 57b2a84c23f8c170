"""Between detector and sinks nothing is lost: what does not go out is hidden or limited, counted, and in the store."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from tests.alerts.attacks import START, flood, guessing, make_alert, port_scan
from tests.alerts.frames import HOSTILE

from clan.alerts import (
    Alert,
    Hosts,
    Incident,
    IncidentTracker,
    RateLimit,
    Triage,
    WatchedSuppressions,
    encode_incident,
    suppression,
)
from clan.alerts.group import GroupSettings
from clan.alerts.store import FeatureRows, Query, Store
from clan.errors import ConfigError, SinkError, SourceUnavailable


def attack() -> list[Alert]:
    return sorted([*port_scan(700), *flood(400), *guessing(40)], key=lambda a: (a.when, a.uid))


def in_batches(triage: Triage, alerts: list[Alert], size: int) -> list[Alert]:
    out = [alert for i in range(0, len(alerts), size) for alert in triage.handle(alerts[i : i + size])]
    triage.close()
    return out


@pytest.mark.parametrize("size", [1, 7, 64])
def test_batches_make_no_difference(size: int) -> None:
    told: dict[int, list[Incident]] = {}
    out = {}
    for n in (size, 10_000):
        told[n] = []
        triage = Triage(incidents=IncidentTracker(limit=RateLimit(count=30)), tell=[told[n].append])
        out[n] = in_batches(triage, attack(), n)
    assert told[size] == told[10_000]
    assert out[size] == out[10_000]
    assert 0 < len(out[size]) < 1140


def test_hidden_and_limited_alerts_do_not_go_out_and_are_counted(tmp_path: Path) -> None:
    alerts = attack()
    values = np.arange(len(alerts) * 2, dtype=np.float64).reshape(-1, 2)
    with Store(tmp_path / "clan.db", create=True) as store:
        store.suppression_table.add(suppression(dst="10.0.0.80"))
        triage = Triage(
            incidents=IncidentTracker(limit=RateLimit(count=30)),
            suppressions=WatchedSuppressions(store=store),
            store=store,
        )
        out = triage.handle(alerts, FeatureRows(names=("a", "b"), values=values))
        assert (triage.n_hidden, triage.n_limited, len(out)) == (400, 680, 60)
        assert store.count_alerts() == 60
        assert store.count_alerts(Query(hidden=True)) == 460
        kept = {row["uid"]: row["a"] for row in store.features(Query(hidden=True)).iter_rows(named=True)}
        assert kept == {a.uid: 2.0 * i for i, a in enumerate(alerts) if a.uid in kept}
        assert {stored.alert for stored in store.alerts()} == set(out)
        assert sorted((i.n_alerts, i.state) for i in store.incidents()) == [(40, "update"), (700, "update")]
        triage.close()
        assert sorted((i.n_alerts, i.state) for i in store.incidents()) == [(40, "closed"), (700, "closed")]
        assert store.suppression_table.listed()[0].hits == 400


def test_incident_whose_alerts_are_all_limited_is_listed(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        tracker = IncidentTracker(GroupSettings(gap_s=60), limit=RateLimit(count=3))
        triage = Triage(incidents=tracker, store=store)
        assert len(triage.handle(guessing(5))) == 3
        assert triage.handle(guessing(4, first=300_000, at=100.0)) == []  # the hour is not over
        triage.close()
        assert [(incident.n_alerts, incident.n_limited) for incident in store.incidents()] == [(4, 4), (5, 2)]
        assert (store.count_alerts(), triage.n_limited) == (4, 6)
        latest = next(store.alerts()).alert
        assert (latest.uid, latest.incident_id) == ("C300000", next(store.incidents()).incident_id)


def test_incident_of_which_everything_is_hidden_is_not_listed(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        triage = Triage(incidents=IncidentTracker(), store=store)
        triage.handle([*guessing(3), *port_scan(3)])
        triage.close()
        entry = suppression(port=22)
        store.suppression_table.add(entry)
        assert [incident.target for incident in store.incidents()] == ["10.0.0.2"]
        assert store.count_incidents() == 1
        assert store.count_incidents(Query(hidden=True)) == 2
        store.suppression_table.remove(entry.suppression_id)
        assert store.count_incidents() == 2


def test_alerts_go_out_where_their_incident_cannot_be_told() -> None:
    told: list[Incident] = []
    sent: list[Alert] = []

    def full(_: Incident) -> None:
        raise SinkError("no space left")

    triage = Triage(incidents=IncidentTracker(), tell=[full, told.append])
    with pytest.raises(SinkError, match="no space left"):
        triage.handle([*guessing(1), *port_scan(1)], send=sent.extend)
    assert [alert.uid for alert in sent] == ["C200000", "C0"]
    assert [incident.target for incident in told] == ["10.0.0.22", "10.0.0.2"]
    assert len(triage.ledger.worst()) == 2


def test_suppression_takes_hold_of_a_running_detector_and_lets_go(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store, Store(tmp_path / "clan.db") as other:
        triage = Triage(suppressions=WatchedSuppressions(store=store))
        assert len(triage.handle(guessing(3))) == 3
        entry = suppression(port=22)
        other.suppression_table.add(entry)
        assert triage.handle(guessing(3)) == []
        other.suppression_table.remove(entry.suppression_id)
        assert len(triage.handle(guessing(3))) == 3


def test_file_of_suppressions_is_followed_and_keeps_its_hold_when_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "threshold.config"
    path.write_text("")
    watched = WatchedSuppressions(files=[path])
    triage = Triage(suppressions=watched)
    assert len(triage.handle(guessing(3))) == 3
    path.write_text("suppress gen_id 2509, sig_id 1, track by_src, ip 10.9.9.8\n")
    assert triage.handle(guessing(3)) == []
    path.write_text("suppress everything, please\n")
    assert triage.handle(guessing(3)) == []
    assert watched.problem is not None
    assert "line 1" in watched.problem
    with pytest.raises(ConfigError, match="line 1"):
        WatchedSuppressions(files=[path])


def test_what_is_wrong_with_one_file_is_told_until_it_is_mended(tmp_path: Path) -> None:
    first, second = paths = [tmp_path / name for name in ("first.config", "second.config")]
    for path in paths:
        path.write_text("")
    watched = WatchedSuppressions(files=paths)
    for path in paths:
        path.write_text("suppress everything, please\n")
    watched.current()
    assert "first.config" in (watched.problem or "")
    assert "second.config" in (watched.problem or "")
    second.write_text("# mended\n")
    watched.current()
    assert "first.config" in (watched.problem or "")
    assert "second.config" not in (watched.problem or "")
    first.write_text("# mended\n")
    watched.current()
    assert watched.problem is None


def test_hosts_have_names_and_groups(tmp_path: Path) -> None:
    path = tmp_path / "hosts.csv"
    path.write_text("network,name,group\n10.0.0.0/24,,office\n10.0.0.22,git,\n10.9.0.0/16,,outside\n")
    hosts = Hosts.read(path)
    triage = Triage(incidents=IncidentTracker(hosts=hosts), hosts=hosts)
    (alert,) = triage.handle(guessing(1))
    assert (alert.src_name, alert.src_group, alert.dst_name, alert.dst_group) == (None, "outside", "git", "office")
    (incident,) = triage.ledger.worst()
    assert (incident.target_name, incident.actor_group) == ("git", "outside")
    assert "10.0.0.22 (git)" in incident.sentence
    toml = tmp_path / "hosts.toml"
    toml.write_text('[hosts]\n"10.0.0.22" = "git"\n"10.0.0.0/24" = { group = "office" }\n')
    assert Hosts.read(toml).look_up("10.0.0.22") == hosts.look_up("10.0.0.22")
    assert hosts.look_up("no address") == hosts.look_up(None) == (None, None)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "address,owner\n", "expected a first line `network,name,group`, found address, owner"),
        ("a.csv", "network,name\nprinter,10.0.0.1\n", "line 2: 'printer' is neither an address nor a network"),
        ("a.csv", "network,name\n10.0.0.1," + "x" * 200_000 + "\n", "a.csv, line 2: no CSV: field larger"),
        ("a.csv", "x" * 200_000 + "\n", "a.csv, line 1: no CSV: field larger"),
        ("a.toml", "hosts = 3\n", r"expected a table \[hosts\]"),
        ("a.toml", '[hosts]\n"10.0.0.1" = { owner = "x" }\n', "unknown key owner"),
        ("a.toml", '[hosts]\n"10.0.0.1" = 3\n', "expected a name or"),
        ("a.toml", "[hosts\n", "is no TOML"),
        ("a.toml", "[hosts]\n'10.0.0.1' = " + "1" * 5000, "is no TOML"),
        ("a.toml", "[hosts]\n'10.0.0.1' = " + "[" * 5000, "is no TOML"),
    ],
)
def test_slips_in_a_file_of_hosts_are_told(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message):
        Hosts.read(tmp_path / name)


def test_incident_line_is_harmless_ascii_whatever_the_names() -> None:
    tracker = IncidentTracker()
    alert = replace(make_alert(label=HOSTILE), source=HOSTILE, src_ip=HOSTILE, model_id=HOSTILE)
    line = encode_incident(tracker.add(alert).events[0])
    assert line.isascii()
    assert line.isprintable()
    assert "<script" not in line
    assert json.loads(line)["label"] == HOSTILE


def test_incident_with_an_infinite_score_is_a_line() -> None:
    event = IncidentTracker().add(make_alert(anomaly_score=float("inf"))).events[0]
    assert json.loads(encode_incident(event))["anomaly_score"] == pytest.approx(3.4028235e38)


def test_time_that_passes_closes_incidents() -> None:
    told: list[Incident] = []
    triage = Triage(incidents=IncidentTracker(), tell=[told.append])
    triage.handle(guessing(5))
    triage.advance("test.pcap", START + timedelta(seconds=3_000))
    triage.advance("other.pcap", START + timedelta(days=9))
    assert [i.state for i in told] == ["new", "update", "update"]
    triage.advance("test.pcap", START + timedelta(seconds=3_700))
    assert told[-1].state == "closed"
    assert told[-1].n_alerts == 5


class FullDisk:
    """A database whose disk is full for some transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.full, self._connection = False, connection

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def executemany(self, sql: str, rows: object) -> sqlite3.Cursor:
        """Refuse to write while the disk is full."""
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.executemany(sql, rows)  # type: ignore[arg-type]


def test_full_disk_stops_no_alert_and_is_made_good(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        disk = FullDisk(store._writer._connection)
        store._writer._connection = disk  # type: ignore[assignment]
        triage = Triage(store=store)
        disk.full = True
        assert len(triage.handle(guessing(20))) == 20
        assert (store.n_stored, store.n_waiting, store.failure) == (0, 20, "database or disk is full")
        disk.full = False
        triage.handle(port_scan(10))
        assert (store.n_stored, store.n_waiting, store.failure, store.n_lost) == (30, 0, None, 0)
        assert store.count_alerts() == 30


def test_what_waits_for_a_full_disk_is_bounded_and_counted(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        disk = FullDisk(store._writer._connection)
        store._writer._connection = disk  # type: ignore[assignment]
        disk.full = True
        for i in range(25):
            store.write(port_scan(1_000, first=1_000 * i))
        assert (store.n_waiting, store.n_lost) == (20_000, 5_000)
        disk.full = False


def test_a_missing_file_of_hosts_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(
        SourceUnavailable, match=r"names of hosts cannot be read from .*none\.csv: No such file or directory$"
    ):
        Hosts.read(tmp_path / "none.csv")
