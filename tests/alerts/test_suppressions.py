"""A suppression hides what it says and nothing else, at once and until its time, in new alerts and stored ones."""

from __future__ import annotations

import contextlib
import ipaddress
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.attacks import START, make_alert

from clan.alerts import Alert, Suppression, Suppressions, read_thresholds, suppression
from clan.alerts.store import Store
from clan.errors import ConfigError, StoreError

NETWORKS = [None, *(ipaddress.ip_network(text) for text in ("10.0.0.0/30", "10.0.0.2", "0.0.0.0/0", "fe80::/16"))]
ADDRESSES = [None, "10.0.0.1", "10.0.0.2", "10.0.0.9", "fe80::1", "no address"]

entries = st.builds(
    Suppression,
    src=st.sampled_from(NETWORKS),
    dst=st.sampled_from(NETWORKS),
    port=st.sampled_from([None, 22, 80]),
    protocol=st.sampled_from([None, 6, 17]),
    label=st.sampled_from([None, "Scan", "flood", "Ä-Scan", ""]),
    until=st.sampled_from([None, START + timedelta(seconds=5), START + timedelta(days=9)]),
    either=st.booleans(),
    alert_id=st.sampled_from([None, None, None, make_alert(3).alert_id]),
)
alerts = st.builds(
    make_alert,
    st.integers(0, 5),
    st.sampled_from(ADDRESSES),
    st.sampled_from(ADDRESSES),
    st.sampled_from([None, 22, 80]),
    st.sampled_from([0.0, 4.999999, 5.0, 9.0]),
    st.sampled_from([None, 6, 17]),
    src_port=st.sampled_from([None, 22, 80, 40_000]),
    label=st.sampled_from([None, "scan", "FLOOD", "unknown", "ä-SCAN", "Ä-SCAN"]),
)


@settings(max_examples=300)
@given(st.lists(entries, max_size=8), st.lists(alerts, min_size=1, max_size=8))
def test_all_at_once_hides_what_one_by_one_would(made: list[Suppression], seen: list[Alert]) -> None:
    together = Suppressions(made)
    for alert in seen:
        expected = next((s for s in together.entries.values() if s.matches(alert, now=START)), None)
        assert together.match(alert, now=START) == expected
    assert together.hits.total() == sum(
        any(s.matches(alert, now=START) for s in together.entries.values()) for alert in seen
    )


@settings(max_examples=40)
@given(entries, st.lists(alerts, min_size=1, max_size=8, unique_by=lambda alert: alert.uid))
def test_store_hides_what_a_detector_would(made: Suppression, seen: list[Alert]) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/clan.db", create=True) as store:
        store.write(seen)
        hidden = {alert.uid for alert in seen if made.matches(alert, now=START)}
        assert store.suppression_table.preview(made) == (len(hidden), len(seen))
        assert store.suppression_table.add(made) == len(hidden)
        assert {stored.alert.uid for stored in store.alerts()} == {a.uid for a in seen} - hidden
        assert store.suppression_table.remove(made.suppression_id)[1] == len(hidden)
        assert store.count_alerts() == len(seen)


def test_alert_that_two_hide_stays_hidden_when_one_goes(tmp_path: Path) -> None:
    host, service = suppression(src="10.0.0.1"), suppression(port=80)
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write([make_alert(0), make_alert(1, src="10.0.0.7")])
        assert [store.suppression_table.add(s) for s in (host, service)] == [1, 1]
        assert store.suppression_table.remove(host.suppression_id)[1] == 0
        assert store.count_alerts() == 0
        assert store.suppression_table.remove(service.suppression_id)[1] == 2


def test_change_is_seen_by_who_has_the_store_open(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as running, Store(tmp_path / "clan.db") as other:
        assert running.suppressions_changed()
        assert not running.suppressions_changed()
        other.suppression_table.add(suppression(src="10.0.0.1", reason="backup"))
        assert running.suppressions_changed()
        found = running.suppressions()
        assert found.match(make_alert()) is not None
        running.count_hits(found)
        (listed,) = other.suppression_table.listed()
        assert (listed.hits, listed.suppression.reason) == (1, "backup")
        assert not found.hits


def test_adding_again_renews_reason_and_limit_and_keeps_the_hits(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        store.write([make_alert(0, at=0.0), make_alert(1, at=10.0)])
        first = suppression(src="10.0.0.1", reason="old")
        assert store.suppression_table.add(first) == 2
        store.suppression_table.count_hits({first.suppression_id: 7})
        assert (
            store.suppression_table.add(suppression(src="10.0.0.1", reason="new", until=START + timedelta(seconds=5)))
            == 1
        )
        (listed,) = store.suppression_table.listed()
        assert (listed.suppression.reason, listed.hits, listed.hiding) == ("new", 7, 1)


def test_id_that_is_none_or_several_is_an_error_that_lists_them(tmp_path: Path) -> None:
    with Store(tmp_path / "clan.db", create=True) as store:
        store.suppression_table.add(suppression(src="10.0.0.1"))
        with pytest.raises(StoreError, match=f"no suppressions .*known: {suppression(src='10.0.0.1').suppression_id}"):
            store.suppression_table.remove("xyz")
        with pytest.raises(StoreError, match="no suppressions"):
            store.suppression_table.remove("")


@pytest.mark.parametrize(
    ("given_values", "message"),
    [
        ({}, "without a condition would hide every alert"),
        ({"src": "10.0.0.7/24"}, r"did you mean 10\.0\.0\.0/24"),
        ({"dst": "server"}, "neither an address nor a network"),
        ({"port": 70_000}, "a port is 0 to 65535, got 70000"),
        ({"protocol": "tkp"}, "unknown protocol 'tkp'"),
    ],
)
def test_slips_are_told(given_values: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        suppression(**given_values)  # type: ignore[arg-type]  # as a command line would


def test_threshold_config_is_read(tmp_path: Path) -> None:
    path = tmp_path / "threshold.config"
    path.write_text(
        "# comment\n"
        "suppress gen_id 2509, sig_id 1, track by_src, ip 10.0.0.0/8\n"
        "suppress gen_id 2509, sig_id 1, track by_either, \\\n   ip [192.0.2.1, 2001:db8::/32]  # two\n"
        "suppress gen_id 1, sig_id 2002087, track by_src, ip 10.1.1.1\n"
        "suppress gen_id 2509, sig_id 1, track by_dst, ip $HOME_NET\n"
        "threshold gen_id 2509, sig_id 1, type limit, track by_src, count 10, seconds 3600\n"
        "threshold gen_id 2509, sig_id 1, type limit, track by_src, count 1, seconds 60\n"
        "event_filter gen_id 2509, sig_id 1, type both, track by_dst, count 5, seconds 60\n"
        "rate_filter gen_id 2509, sig_id 1, track by_rule, count 1, seconds 1, new_action drop, timeout 9\n"
    )
    found = read_thresholds(path)
    assert [str(s) for s in found.suppressions] == [
        "src 10.0.0.0/8",
        "src 192.0.2.1/32, either direction",
        "src 2001:db8::/32, either direction",
    ]
    assert found.rate_limit is not None
    assert (found.rate_limit.count, found.rate_limit.seconds) == (10, 3600)
    assert found.passed_over.total() == 4
    assert "another generator" in found.lines[0]
    together, _ = Suppressions.read(path)
    assert together.match(make_alert(src="198.51.100.1", dst="192.0.2.1")) is not None
    assert together.match(make_alert(src="198.51.100.1", dst="10.0.0.1")) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hide gen_id 1, sig_id 2", "line 1: expected suppress, .* found 'hide'"),
        ("suppress gen_id 2509, sig_id 1, track by_rule, ip 1.2.3.4", "expected track by_src, by_dst or by_either"),
        ("suppress gen_id 2509, sig_id 1, track by_src", "track needs ip"),
        ("suppress gen_id 2509, sig_id 1, track by_src, ip 10.0.0.256", "neither an address nor a network"),
        ("suppress gen_id x, sig_id 1", "expected gen_id and a number, found 'x'"),
        ("suppress gen_id 2509, gen_id 1", "gen_id is there twice"),
        ("suppress gen_id 2509, sig_id " + "1" * 5000, "expected sig_id and a number"),
        ("# a \\\n comment\r\n\nhide gen_id 1, sig_id 2", "line 4: expected suppress"),
        ("\nsuppress gen_id 2509, \\\n sig_id 1, track by_src, \\\n ip x", "line 2: 'x' is neither"),
        (
            "\nthreshold gen_id 2509, sig_id 1, type limit, track by_src, count 0, seconds 60",
            r"threshold.config, line 2: a rate limit must let at least 1 alert through",
        ),
    ],
)
def test_broken_line_is_told_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "threshold.config"
    path.write_text(line + "\n")
    with pytest.raises(ConfigError, match=message):
        read_thresholds(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        with contextlib.suppress(ConfigError):
            read_thresholds(file.name)
