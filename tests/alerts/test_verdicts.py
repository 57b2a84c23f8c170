"""A benign verdict hides flows like it and no others, can be taken back, and does not teach an attack as normal."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from tests.alerts.attacks import make_alert

from clan.alerts import Alert, IncidentTracker, Triage, WatchedSuppressions, suppression
from clan.alerts.likeness import ALIKE, signed_log, unlikeness
from clan.alerts.store import FeatureRows, Query, Store
from clan.alerts.verdict import opinion_of
from clan.errors import ConfigError, StoreError

NAMES = ("packets", "bytes", "duration")
USUAL = np.array([10.0, 5_000.0, 2e6])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "clan.db", create=True)


def fill(store: Store, alerts: list[Alert], values: np.ndarray) -> Triage:
    """Send alerts through triage into the store."""
    triage = Triage(incidents=IncidentTracker(), suppressions=WatchedSuppressions(store=store), store=store)
    triage.handle(alerts, FeatureRows(names=NAMES, values=np.atleast_2d(values)))
    return triage


def backups(n: int, first: int = 0, **changes: object) -> list[Alert]:
    return [make_alert(first + i, "10.0.0.5", "10.0.0.9", 873, 60.0 * i, **changes) for i in range(n)]  # type: ignore[arg-type]


def others(n: int, first: int = 900) -> list[Alert]:
    return [make_alert(first + i, f"10.1.0.{i}", f"10.2.0.{i}", 443, 1.0 * i) for i in range(n)]


def usual(n: int, factor: float = 1.0) -> np.ndarray:
    return np.tile(USUAL * factor, (n, 1))


def test_distance_is_that_of_a_slow_loop() -> None:
    random = np.random.default_rng(0)
    flows, judged = random.lognormal(3, 2, (7, 5)), random.lognormal(3, 2, (4, 5)) * random.choice([-1, 0, 1], (4, 5))
    flows[0, 0] = judged[0, 0] = judged[1, 1] = np.nan
    flows[2, 2] = np.inf
    found = unlikeness(flows, judged)
    for i, flow in enumerate(flows):
        for j, other in enumerate(judged):
            squares = []
            for a, b in zip(flow, other, strict=True):
                if math.isnan(a) and math.isnan(b):
                    squares.append(0.0)
                elif math.isnan(a) or math.isnan(b):
                    squares.append(math.inf)
                else:
                    x, y = (math.copysign(min(math.log1p(abs(v)), 800.0), v) for v in (a, b))
                    squares.append((x - y) ** 2)
            assert found[i, j] == pytest.approx(math.sqrt(sum(squares) / 5))
    assert signed_log(np.array([-1.0, 0.0])).tolist() == [-math.log(2), 0.0]


def test_flows_like_a_benign_one_are_hidden_and_seen_again(store: Store) -> None:
    values = np.vstack([usual(20), usual(20, 1.5), usual(20, 30.0), usual(60)])
    same, near, far = backups(20), backups(20, 100), backups(20, 200)
    triage = fill(store, [*same, *near, *far, *others(60)], values)
    verdict, effect = store.verdict_table.judge(same[0].alert_id, "benign", reason="backup", force=True)
    assert effect is not None
    assert {alert.uid for alert in effect.like} == {alert.uid for alert in [*same, *near]}
    assert store.count_alerts() == 80
    assert triage.handle(backups(5, 300), FeatureRows(names=NAMES, values=usual(5))) == []
    assert len(triage.handle(backups(5, 400), FeatureRows(names=NAMES, values=usual(5, 30.0)))) == 5
    assert len(triage.handle(backups(5, 500), FeatureRows(names=NAMES[::-1], values=usual(5)))) == 5
    assert len(triage.handle(backups(5, 600))) == 5  # without features nothing is like anything
    assert store.verdict_table.listed()[0].hits == 5
    found, shown = store.verdict_table.undo(verdict.verdict_id)
    assert (found.alert_id, found.hits, shown) == (same[0].alert_id, 5, 45)
    assert len(triage.handle(backups(5, 700), FeatureRows(names=NAMES, values=usual(5)))) == 5
    assert store.verdict_table.listed() == []


def test_other_hosts_are_not_hidden_unless_that_is_asked_for(store: Store) -> None:
    elsewhere = [make_alert(50 + i, "192.0.2.1", "192.0.2.2", 873, 1.0) for i in range(3)]
    fill(store, [*backups(3), *elsewhere, *others(60)], np.vstack([usual(6), usual(60, 9.0)]))
    name = backups(1)[0].alert_id
    assert len(store.verdict_table.effect(name).like) == 3
    wide = store.verdict_table.effect(name, scope="everywhere")
    assert len(wide.like) == 6
    assert wide.objections == ("would hide 3 alerts of 1 other actor",)
    with pytest.raises(StoreError, match=r"refused: a verdict benign .* of 1 other actor"):
        store.verdict_table.judge(name, "benign", scope="everywhere")
    with pytest.raises(StoreError, match="say why with --reason"):
        store.verdict_table.judge(name, "benign", scope="everywhere", force=True, reason=" ")
    assert store.count_alerts() == 66
    assert store.verdict_table.listed() == []
    verdict, _ = store.verdict_table.judge(name, "benign", scope="everywhere", force=True, reason="both are backups")
    assert verdict.forced == "would hide 3 alerts of 1 other actor"
    assert store.count_alerts() == 60


def test_verdict_speaks_of_flows_that_share_one_of_the_two_hosts(store: Store) -> None:
    fill(store, [*backups(3), *others(60)], np.vstack([usual(3), usual(60, 9.0)]))
    store.verdict_table.judge(backups(1)[0].alert_id, "benign")
    same_src, same_dst, neither, unknown = (
        make_alert(700 + i, src, dst, 873, 0.0)
        for i, (src, dst) in enumerate(
            [("10.0.0.5", "10.9.0.1"), ("10.9.0.2", "10.0.0.9"), ("10.0.0.9", "10.0.0.5"), ("10.0.0.5", None)]
        )
    )
    triage = Triage(store=store)
    out = triage.handle([same_src, same_dst, neither, unknown], FeatureRows(names=NAMES, values=usual(4)))
    assert [alert.uid for alert in out] == [neither.uid, unknown.uid]


def test_alert_that_is_judged_again_hides_what_is_like_it_again(store: Store) -> None:
    elsewhere = [make_alert(50 + i, "192.0.2.1", "192.0.2.2", 873, 1.0) for i in range(3)]
    fill(store, [*backups(3), *elsewhere, *others(60)], np.vstack([usual(6), usual(60, 9.0)]))
    name = backups(1)[0].alert_id
    first, _ = store.verdict_table.judge(name, "benign")
    assert len(store.verdict_table.effect(name).like) == 3
    with pytest.raises(StoreError, match="would hide 3 alerts of 1 other actor"):
        store.verdict_table.judge(name, "benign", scope="everywhere")
    assert store.verdict_table.listed() == [first]  # refused: all is as it was
    assert store.count_alerts() == 63
    second, effect = store.verdict_table.judge(name, "benign", reason="still the backup")
    assert effect is not None
    assert len(effect.like) == 3
    assert store.count_alerts() == 63
    hiding = {s.hidden_by for s in store.alerts(Query(hidden=True)) if s.hidden_by}
    assert hiding == {second.hidden_by}
    assert store.verdict_table.undo(second.verdict_id)[1] == 3


def test_verdict_that_hides_too_much_is_refused(store: Store) -> None:
    fill(store, [*backups(30), *others(60)], usual(90))
    with pytest.raises(StoreError, match="would hide 30 of 90 alerts at once"):
        store.verdict_table.judge(backups(1)[0].alert_id, "benign")


def test_named_attack_is_not_taught_as_normal(store: Store) -> None:
    fill(store, [*backups(3), *backups(2, 50, label="c2_beacon"), *others(60)], usual(65))
    with pytest.raises(StoreError, match="would hide 2 alerts named c2_beacon"):
        store.verdict_table.judge(backups(1)[0].alert_id, "benign")


def test_verdicts_nearby_do_not_contradict_each_other(store: Store) -> None:
    fill(store, [*backups(4), *others(60)], usual(64))
    one, other, third, _ = (alert.alert_id for alert in backups(4))
    store.verdict_table.judge(one, "malicious", "exfiltration")
    with pytest.raises(StoreError, match=f"contradicts the verdict malicious on {one}"):
        store.verdict_table.judge(other, "benign")
    store.verdict_table.judge(one, "benign")  # the same alert: somebody has thought again
    with pytest.raises(StoreError, match=f"contradicts the verdict benign on {one}"):
        store.verdict_table.judge(third, "malicious")
    assert [str(verdict) for verdict in store.verdict_table.listed()] == ["benign"]
    assert [str(verdict) for verdict in store.verdict_table.listed(undone=True)] == ["malicious:exfiltration", "benign"]


def test_what_a_suppression_hides_too_stays_hidden(store: Store) -> None:
    fill(store, [*backups(3), *others(60)], usual(63))
    entry = suppression(port=873)
    verdict, _ = store.verdict_table.judge(backups(1)[0].alert_id, "benign")
    store.suppression_table.add(entry)
    assert store.verdict_table.undo(verdict.verdict_id)[1] == 0
    assert {s.hidden_by for s in store.alerts(Query(hidden=True, port=873))} == {entry.suppression_id}
    again, _ = store.verdict_table.judge(backups(1)[0].alert_id, "benign")
    assert store.suppression_table.remove(entry.suppression_id)[1] == 0
    assert {s.hidden_by for s in store.alerts(Query(hidden=True, port=873))} == {again.hidden_by}
    assert store.verdict_table.undo(again.verdict_id)[1] == 3


def test_judged_flows_are_there_to_learn_from(store: Store) -> None:
    fill(store, [*backups(2), *others(2)], np.vstack([usual(2), [[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]]]))
    assert store.judged().is_empty()
    store.verdict_table.judge(others(1)[0].alert_id, "malicious", "c2")
    store.verdict_table.judge(backups(1)[0].alert_id, "benign", force=True, reason="test")
    table = store.judged()
    assert table.select("uid", "verdict", "label", *NAMES).rows() == [
        ("C900", "malicious", "c2", 1.0, None, 3.0),
        ("C0", "benign", None, *USUAL.tolist()),
    ]


def test_alert_without_features_can_be_judged_alone(store: Store) -> None:
    store.write(backups(3))
    _, effect = store.verdict_table.judge(backups(1)[0].alert_id, "benign")
    assert effect is not None
    assert len(effect.like) == 1
    assert store.count_alerts() == 2
    assert store.judged().is_empty()
    with pytest.raises(StoreError, match="expected one alert 000000000000, found 0"):
        store.verdict_table.judge("000000000000", "benign")
    with pytest.raises(StoreError, match=r"there is no verdict 7 in force \(known: 1\)"):
        store.verdict_table.undo(7)


def test_retention_keeps_what_was_judged(store: Store) -> None:
    from clan.alerts.store import Retention

    fill(store, [*backups(3), *others(60)], usual(63))
    store.verdict_table.judge(backups(1)[0].alert_id, "malicious")
    store._connection.execute("UPDATE alert SET stored_us = 0")
    store.prune(Retention(max_days=1.0))
    assert [stored.alert.uid for stored in store.alerts()] == ["C0"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("benign", ("benign", None)),
        ("Malicious", ("malicious", None)),
        ("malicious: port scan ", ("malicious", "port scan")),
    ],
)
def test_words_of_verdicts(words: str, expected: tuple[str, str | None]) -> None:
    assert opinion_of(words) == expected


@pytest.mark.parametrize(
    "words", ["good", "benign:scan", "malicious:", "malicious:\x1b[31m", "malicious:" + "x" * 65, ""]
)
def test_words_that_are_no_verdict(words: str) -> None:
    with pytest.raises(ConfigError, match="a verdict is benign, malicious or malicious:CLASS"):
        opinion_of(words)


def test_alike_is_a_factor_of_two() -> None:
    base = np.full((1, 3), 1e6)
    assert unlikeness(base * 1.99, base)[0, 0] < ALIKE < unlikeness(base * 2.01, base)[0, 0]
