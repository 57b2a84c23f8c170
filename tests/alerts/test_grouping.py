"""One attack is one incident, different actors stay apart, and neither batches nor numbers change that."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.alerts.attacks import flood, guessing, make_alert, port_scan

from clan.alerts import Alert, GroupSettings, IncidentTracker, RateLimit, count_groups, group_flows
from clan.alerts.group import Flow
from clan.alerts.group_distinct import DistinctCount, PortCount
from clan.alerts.grouping import Grouping
from clan.alerts.rate_limit import RateLimiter
from clan.errors import ConfigError, DataError


def final(alerts: list[Alert], tracker: IncidentTracker | None = None) -> dict[str, list[Alert]]:
    """Give the alerts of each incident, once all is over."""
    tracker = tracker or IncidentTracker()
    placed: list[tuple[str | None, Alert]] = []
    into: dict[str | None, str] = {}
    for alert in alerts:
        tracked = tracker.add(alert)
        placed.append((tracked.incident_id, alert))
        into |= {e.incident_id: e.merged_into for e in tracked.events if e.merged_into is not None}
    found: dict[str, list[Alert]] = {}
    for first, alert in placed:
        name = first
        while name in into:
            name = into[name]
        found.setdefault(str(name), []).append(alert)
    assert len(found) == tracker.n_incidents
    return found


def interleaved(*attacks: list[Alert]) -> list[Alert]:
    """All alerts in order of time."""
    return sorted((a for attack in attacks for a in attack), key=lambda a: (a.when, a.uid))


def test_scan_of_ten_thousand_ports_is_one_incident() -> None:
    tracker = IncidentTracker()
    assert len(final(port_scan(), tracker)) == 1
    (incident,) = tracker.incidents()
    assert (incident.pattern, incident.n_ports, incident.n_alerts) == ("port_sweep", 10_000, 10_000)
    assert (incident.actor, incident.target, incident.severity) == ("10.9.9.9", "10.0.0.2", 2)
    assert incident.ports == tuple(range(1, 17))


def test_distributed_flood_is_one_incident() -> None:
    tracker = IncidentTracker()
    assert len(final(flood(), tracker)) == 1
    (incident,) = tracker.incidents()
    assert (incident.pattern, incident.actor, incident.target) == ("many_sources", None, "10.0.0.80")
    assert incident.n_actors == pytest.approx(5_000, rel=0.2)


def test_three_attacks_at_once_are_three_incidents_of_their_actors() -> None:
    found = final(interleaved(port_scan(), flood(), guessing()))
    sizes = Counter({len(alerts): len({a.src_ip for a in alerts}) for alerts in found.values()})
    assert sizes == {10_000: 1, 300: 1, 5_000: 5_000}


def test_an_actor_that_does_more_than_flood_stays_apart() -> None:
    scanner = [make_alert(90_000 + i, "10.9.9.9", "10.0.0.80", 20 + i, i / 10) for i in range(40)]
    late = [make_alert(95_000 + i, "10.9.9.9", "10.0.0.80", 80, 4.5 + i / 100) for i in range(10)]
    found = final(interleaved(scanner, flood(), late))
    assert sorted(len({a.src_ip for a in alerts}) for alerts in found.values()) == [1, 5_000]
    assert {a.src_ip for alerts in found.values() for a in alerts if len(alerts) == 50} == {"10.9.9.9"}


def test_few_clients_of_one_server_stay_apart() -> None:
    alerts = [make_alert(i, f"10.0.1.{i}", "10.0.0.2", 443, float(i)) for i in range(15)]
    assert len(final(alerts)) == 15


def test_reflection_from_one_port_is_one_incident() -> None:
    alerts = [make_alert(i, f"198.51.100.{i}", "10.0.0.2", 1000 + 37 * i, i / 10, 17, src_port=53) for i in range(200)]
    assert len(final(alerts)) == 1


def test_an_actor_is_quiet_for_longer_than_the_gap() -> None:
    assert len(final([*guessing(10), *guessing(10, first=10, at=3_590.0), *guessing(10, first=20, at=9_000.0)])) == 2


def test_what_meets_later_becomes_one() -> None:
    alerts = [
        make_alert(0, dst="10.0.0.2", port=80),
        make_alert(1, dst="10.0.0.3", port=81, at=1.0),
        make_alert(2, dst="10.0.0.2", port=81, at=2.0),
    ]
    tracker = IncidentTracker()
    events = [tracker.add(alert) for alert in alerts]
    closed = [e for e in events[2].events if e.state == "closed"]
    assert [(e.incident_id, e.merged_into) for e in closed] == [(events[1].incident_id, events[0].incident_id)]
    assert tracker.n_incidents == 1
    assert tracker.incidents()[0].n_alerts == 3


def test_streams_are_never_put_together() -> None:
    assert len(final([make_alert(0), make_alert(1, source="other.pcap")])) == 2


def test_flow_without_addresses_is_in_no_incident() -> None:
    tracker = IncidentTracker()
    assert tracker.add(make_alert(src=None)).incident_id is None
    assert (tracker.n_placeless, tracker.n_incidents) == (1, 0)


def test_flows_without_times_are_grouped_until_the_end() -> None:
    assert len(final([make_alert(i, at=None) for i in range(5)])) == 1


def test_open_incidents_are_bounded_and_those_closed_early_counted() -> None:
    tracker = IncidentTracker(GroupSettings(max_open=100))
    events = [
        e
        for i in range(1_000)
        for e in tracker.add(make_alert(i, f"10.1.{i >> 8}.{i & 255}", f"10.2.0.{i % 250}")).events
    ]
    assert (tracker.n_open, tracker.n_evicted) == (100, 900)
    assert sum(e.state == "closed" for e in events) == 900


def test_incident_is_told_when_it_begins_doubles_and_ends() -> None:
    tracker = IncidentTracker()
    told = [e for alert in port_scan(1_000) for e in tracker.add(alert).events] + tracker.close()
    assert [e.state for e in told] == ["new", *["update"] * (len(told) - 2), "closed"]
    assert len({e.incident_id for e in told}) == 1
    assert len(told) < 20
    assert told[-1].n_alerts == 1_000


def test_named_incident_has_a_technique_and_unnamed_ones_have_none() -> None:
    tracker = IncidentTracker()
    for alert in port_scan(100):
        tracker.add(alert)
    assert tracker.incidents()[0].technique is None
    for i in range(200):
        tracker.add(make_alert(500 + i, "10.9.9.9", "10.0.0.2", 500 + i, 1.0, label="syn_scan"))
    technique = tracker.incidents()[0].technique
    assert technique is not None
    assert technique.technique_id == "T1046"


@pytest.mark.parametrize(("n_named", "label"), [(10, None), (11, "syn_scan")])
def test_incident_has_the_name_that_more_than_half_of_its_alerts_have(n_named: int, label: str | None) -> None:
    tracker = IncidentTracker()
    for i, alert in enumerate(port_scan(20)):
        tracker.add(replace(alert, label="syn_scan" if i < n_named else None))
    assert tracker.incidents()[0].label == label


def test_time_that_goes_back_neither_fills_nor_empties_a_bucket() -> None:
    limiter = RateLimiter(RateLimit(count=2, seconds=10))
    assert limiter.allows("host", 100_000_000)
    assert limiter.allows("host", 50_000_000)  # the second of two
    assert not limiter.allows("host", 100_000_000)
    assert not limiter.allows("host", None)
    assert limiter.allows("host", 105_000_000)


def test_rate_limit_lets_some_alerts_of_an_actor_out_each_hour() -> None:
    tracker = IncidentTracker(limit=RateLimit(count=10))
    out = [alert for alert in port_scan(1_000) if not tracker.add(alert).limited]
    assert len(out) == 10
    assert (tracker.n_limited, tracker.incidents()[0].n_limited) == (990, 990)
    assert not tracker.add(make_alert(5_000, "10.9.9.9", "10.0.0.2", 5_000, 360.0)).limited  # six minutes: one more
    assert tracker.add(make_alert(5_001, "10.9.9.9", "10.0.0.2", 5_001, 361.0)).limited
    assert not tracker.add(make_alert(5_002, "10.9.9.7", "10.0.0.2", 5_001, 361.0)).limited
    with pytest.raises(ConfigError, match="at least 1 alert"):
        RateLimit(count=0.5)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(0, 4), st.integers(0, 2), st.integers(0, 4_000)),
        min_size=1,
        max_size=200,
    )
)
def test_groups_are_consistent_whatever_comes(rows: list[tuple[int, int, int, int, int]]) -> None:
    """No flow is lost, a group of one actor holds one actor, and the counts are those of its flows."""
    small = GroupSettings(gap_s=1_000, max_open=12, many=4, many_any_port=6)
    grouping, at, placed, closed = Grouping(small), 0, [], []
    for actor, target, port, protocol, wait in rows:
        at += wait * 100_000
        flow = Flow("s", at, f"a{actor}", f"t{target}", protocol, 1000 + actor % 2, port)
        done = grouping.add(flow)
        closed += done.closed
        placed.append((flow, done.group))
    closed += grouping.close()
    flows: dict[int, list[Flow]] = {}
    ends = {}
    for flow, group in placed:
        end = group
        while end.into is not None:
            end = end.into
        ends[end.number] = end
        flows.setdefault(end.number, []).append(flow)
    assert sorted(g.number for g in closed) == sorted(ends)
    assert grouping.n_groups == len(ends)
    for number, group in ends.items():
        members = flows[number]
        assert group.n == len(members)
        assert len(group.actors) == len({f.actor for f in members})
        assert len(group.targets) == len({f.target for f in members})
        assert (group.one_actor is None) == (len({f.actor for f in members}) > 1)
        assert group.many or group.one_actor is not None
        if group.many:
            assert len({f.target for f in members}) == 1


def test_table_is_grouped_by_the_same_rule() -> None:
    alerts = interleaved(port_scan(500), flood(500), guessing(50))
    frame = pl.DataFrame(
        {
            "source": [a.source for a in alerts],
            "ts_end": pl.Series([a.ts_end for a in alerts]).dt.cast_time_unit("us"),
            **{
                name: [getattr(a, name) for a in alerts]
                for name in ("src_ip", "dst_ip", "protocol", "src_port", "dst_port")
            },
        }
    )
    numbers = group_flows(frame)
    by_number: dict[int, set[str]] = {}
    for number, alert in zip(numbers.tolist(), alerts, strict=True):
        by_number.setdefault(number, set()).add(alert.uid)
    assert sorted(map(sorted, by_number.values())) == sorted(sorted({a.uid for a in g}) for g in final(alerts).values())
    assert count_groups(frame) == 3
    assert count_groups(frame.with_columns(src_ip=pl.lit(None, pl.String))) == frame.height
    with pytest.raises(DataError, match="without the columns source"):
        group_flows(frame.drop("source"))


def test_distinct_values_are_counted_within_what_is_promised() -> None:
    few, many, half = DistinctCount(), DistinctCount(), DistinctCount()
    for i in range(50_000):
        many.add(str(i))
        few.add(str(i % 200))
        if i >= 25_000:
            half.add(str(i))
    assert len(few) == 200
    assert len(many) == pytest.approx(50_000, rel=0.2)
    before = len(many)
    many.update(half)
    assert len(many) == before


@given(st.lists(st.integers(0, 65_535), max_size=300), st.lists(st.integers(0, 65_535), max_size=300))
def test_ports_are_counted_exactly(first: list[int], second: list[int]) -> None:
    one, other = PortCount(), PortCount()
    for port in first:
        one.add(port)
    for port in second:
        other.add(port)
    one.update(other)
    assert len(one) == len({*first, *second})
    assert one.first(5) == tuple(sorted({*first, *second})[:5])
