"""A new calibration keeps the budget on drifted traffic, and an attack is not learnt as normal."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.drift.streams import detector, stream

from clan.calibrate import Budget
from clan.drift import Guard, Proposal, Recalibrator, Verdicts
from clan.drift.guard import suspicious_hosts


def made_for(**settings: Any) -> Any:
    made = detector(5000, **settings)
    made.budget, made.thresholds_by = Budget(fpr=0.01), ()
    return made


def judged(made: Any, n: int, **changed: Any) -> pl.DataFrame:
    table = stream(made, n, **changed)
    return table.with_columns(alert=pl.col("anomaly_score") >= made.calibration_.threshold)


def proposal(made: Any, *tables: pl.DataFrame, guard: Guard | None = None, trust: bool = False) -> Proposal:
    recalibrator = Recalibrator(made, guard=None if trust else guard or Guard())
    for table in tables:
        recalibrator.update(table)
    return recalibrator.propose()


def test_drifted_scores_have_a_new_threshold_that_keeps_the_budget() -> None:
    made = made_for()
    found = proposal(made, judged(made, 6000, shift=0.3))
    assert found.refusals == ()
    assert found.calibration is not None
    assert (found.hosts, found.capped) == ((), False)
    assert found.calibration.threshold > made.calibration_.threshold
    new = stream(made, 50_000, seed=9, shift=0.3)["anomaly_score"].to_numpy()
    assert (new >= found.calibration.threshold).mean() == pytest.approx(0.01, abs=0.004)
    assert found.calibration.inflation == 1
    assert found.calibration.ceiling is not None
    json.dumps(found.as_json(), allow_nan=False)


def test_an_attack_from_one_host_is_left_out_and_moves_nothing() -> None:
    made = made_for()
    normal, attack = judged(made, 6000), judged(made, 600, seed=3, shift=6.0, src_ip="10.0.0.66")
    clean, found = proposal(made, normal), proposal(made, normal, attack)
    assert found.calibration is not None
    assert clean.calibration is not None
    assert [host.host for host in found.hosts] == ["10.0.0.66"]
    assert found.n_left_out == 600
    assert found.calibration.threshold == clean.calibration.threshold
    learnt = proposal(made, normal, attack, trust=True).calibration
    assert learnt is not None
    assert learnt.threshold > clean.calibration.threshold + 1  # what the guard is for


def test_an_attack_on_one_service_is_left_out_and_its_sources_are_not_blamed() -> None:
    made = made_for()
    spoofed = [f"172.16.{i // 250}.{i % 250}" for i in range(900)]
    attack = judged(made, 900, seed=3, shift=6.0, dst_ip="10.1.0.5", src_ip=spoofed)
    found = proposal(made, judged(made, 6000), attack)
    assert found.calibration is not None
    assert [(host.host, host.side) for host in found.hosts] == [("10.1.0.5", "dst_ip")]


def test_a_large_attack_and_a_widespread_one_are_refused() -> None:
    made = made_for()
    normal = judged(made, 6000)
    few = proposal(made, normal, judged(made, 3000, seed=3, shift=6.0, src_ip="10.0.0.66"))
    assert few.calibration is None
    assert few.refusals[0].startswith("33% of the flows are of 1 host alerting")
    assert "10.0.0.66" in few.refusals[0]
    many = proposal(made, normal, judged(made, 3000, seed=3, shift=6.0))
    assert many.calibration is None
    assert "an attack from many hosts" in many.refusals[0]
    assert proposal(made, normal, judged(made, 3000, seed=3, shift=6.0), trust=True).refusals == ()


def test_one_calibration_raises_the_threshold_only_so_far_and_all_together_too() -> None:
    made = made_for()
    before = made.calibration_
    guard = Guard(step=2.0, total=3.0, most_above=100.0)
    first = proposal(made, judged(made, 20_000, shift=0.8), guard=guard)
    assert first.capped
    assert first.calibration is not None
    assert before.p_value([first.calibration.threshold])[0] >= before.alpha / 2.2
    assert first.calibration.expected_fpr > 0.02
    assert "held at" in first.calibration.budget
    again = SimpleNamespace(**vars(made) | {"calibration_": first.calibration})
    second = proposal(again, judged(again, 20_000, seed=5, shift=0.8), guard=guard).calibration
    assert second is not None
    assert second.ceiling == first.calibration.ceiling
    assert before.p_value([second.threshold])[0] >= before.alpha / 3.2


def test_flows_that_drip_in_cannot_walk_the_threshold_away() -> None:
    made = made_for()
    before = made.calibration_
    for step in range(12):  # every site a little more anomalous, each time just below what is refused
        table = judged(made, 6000, seed=20 + step, shift=0.25 * (step + 1))
        found = proposal(made, table).calibration
        made.calibration_ = found or made.calibration_
    assert before.p_value([made.calibration_.threshold])[0] >= before.alpha / 17
    assert made.calibration_.threshold < before.threshold + 1.2


def test_drift_everywhere_blames_nobody() -> None:
    made = made_for()
    table = judged(made, 8000, shift=0.7)
    assert suspicious_hosts(table, expected=0.01, dispersion=1.0, error=1e-6) == []
    assert suspicious_hosts(table.drop("src_ip", "dst_ip"), expected=0.01, dispersion=1.0, error=1e-6) == []


def test_too_few_flows_say_how_many_are_needed() -> None:
    made = made_for()
    assert "needs at least 99 benign flows, found 50" in proposal(made, judged(made, 50)).refusals[0]
    assert proposal(made).refusals == ("there are no flows to calibrate on",)


def test_memory_is_bounded_and_the_latest_flows_count() -> None:
    made = made_for()
    recalibrator = Recalibrator(made, guard=Guard(), most=1000)
    for part in range(5):
        recalibrator.update(judged(made, 700, seed=part))
    assert recalibrator._height <= 2000
    assert recalibrator.propose().n_flows == 1000
    assert np.isfinite(recalibrator.propose().rate)


def test_verdicts_leave_out_the_malicious_and_vouch_for_the_benign() -> None:
    made = made_for()
    normal = judged(made, 6000).with_columns(uid=pl.format("N{}", pl.arange(6000)))
    backup = judged(made, 300, seed=3, shift=6.0, src_ip="10.0.0.66").with_columns(uid=pl.format("B{}", pl.arange(300)))
    evil = judged(made, 300, seed=4, shift=6.0, src_ip="10.0.0.67").with_columns(uid=pl.format("E{}", pl.arange(300)))
    said = Verdicts(benign=frozenset(backup["uid"]), malicious=frozenset(evil["uid"]))
    without, using = Recalibrator(made, guard=Guard()), Recalibrator(made, guard=Guard())
    for table in (normal, backup, evil):
        without.update(table)
        using.update(table, verdicts=said)
    assert {host.host for host in without.propose().hosts} == {"10.0.0.66", "10.0.0.67"}
    found = using.propose()
    assert (found.hosts, found.n_flows, found.n_left_out) == ((), 6300, 0)
