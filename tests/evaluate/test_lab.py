"""`clan bench lab`: days of sites are judged by class within the budget, at home and elsewhere, beside baselines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clan.errors import SchemaError, SourceUnavailable
from clan.evaluate.benchmarks import benchmark
from clan.evaluate.day import judge_day
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library
from clan.evaluate.sites import SiteDays, find_sites, read_site
from clan.evaluate.trivial import position, source_count

SAMPLES = Path(__file__).parents[2] / "samples"
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(labels: list[str]) -> SiteDays:
    """A day whose flows start a second apart and last a second, from two sources in turn."""
    n = len(labels)
    starts = [START + timedelta(seconds=second) for second in range(n)]
    flows = pl.DataFrame(
        {
            "ts_start": starts,
            "ts_end": [each + timedelta(seconds=1) for each in starts],
            "src_ip": [f"192.0.2.{number % 2}" for number in range(n)],
        }
    )
    return SiteDays(name="x", quiet=flows, quiet_again=None, mixed=flows, labels=np.array(labels), compression=120)


def test_a_class_is_flagged_when_chance_does_not_explain_it() -> None:
    labels = ["benign"] * 100 + ["scan"] * 10 + ["beacon"] * 50 + ["side_effect"] * 2
    scores = np.concatenate([np.arange(100), [99.5] * 3 + [0] * 7, [98.5] + [0] * 49, [99.5] * 2]).astype(float)
    found = judge_day(day(labels), scores, 98.0)
    classes = json.loads(str(found["classes"]))
    assert (found["false_alarms"], found["n_benign"], found["side_effect_alerts"]) == (2, 100, 2)
    assert (found["flagged"], found["n_classes"]) == (1, 2)
    assert classes["scan"]["flagged"]
    assert not classes["beacon"]["flagged"]  # one of 50 is what benign flows do, too
    assert classes["scan"]["alerts"] == 3
    assert found["macro_recall"] == pytest.approx((0.3 + 0.02) / 2)


def test_bystanders_are_hosts_of_an_attack_in_the_minute_before() -> None:
    # the attack ends at second 11 and comes from 192.0.2.0, as every second flow does
    labels = ["benign"] * 10 + ["scan"] + ["benign"] * 100
    found = judge_day(day(labels), np.ones(111), 0.5)
    assert found["false_alarms"] == 110
    assert found["bystander_alarms"] == 30  # of the flows at seconds 12, 14, ... 70


def test_first_alert_is_told_in_minutes_of_the_day() -> None:
    scores = np.array([0, 0, 0, 0, 9.0, 9.0])
    classes = json.loads(str(judge_day(day(["benign"] * 2 + ["scan"] * 4), scores, 5.0)["classes"]))
    assert classes["scan"]["first_alert_min"] == 6.0  # it began at second 2, the alert came at 5: 3 s of 2 min each
    classes = json.loads(str(judge_day(day(["benign"] * 2 + ["scan"] * 4), scores, 10.0)["classes"]))
    assert classes["scan"]["first_alert_min"] is None


def test_baselines_learn_nothing() -> None:
    flows = day(["benign"] * 200).mixed
    assert position(flows).tolist() == list(range(1, 201))
    counted = source_count(flows)
    slow = [sum(0 <= at - other < 60 for other in range(at % 2, at + 1, 2)) for at in range(200)]
    assert counted.tolist() == slow


def test_samples_are_found_and_what_is_not_there_is_told(tmp_path: Path) -> None:
    assert list(find_sites(SAMPLES)) == ["alpha", "beta"]
    with pytest.raises(SourceUnavailable, match="holds no recordings of the lab"):
        find_sites(tmp_path)


def test_a_recording_must_say_how_it_was_compressed(tmp_path: Path) -> None:
    for path in SAMPLES.glob("alpha-*"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "alpha-benign.json").unlink()
    with pytest.raises(SourceUnavailable, match=r"alpha-benign\.json cannot be read"):
        read_site(tmp_path, "alpha", ["flow"])
    (tmp_path / "alpha-benign.json").write_text("{}")
    with pytest.raises(SchemaError, match="does not say how the day was compressed"):
        read_site(tmp_path, "alpha", ["flow"])


def test_the_benchmark_judges_at_home_and_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from clan.evaluate.benchmarks import lab as module

    monkeypatch.setattr(module, "FEATURE_SETS", (("flow",),))
    lab = benchmark("lab")
    results = Results(None, fields=lab.fields, key=lab.key)
    rivals = [each for each in lab.choose(["kmeans_prototypes"]) if each.name == "kmeans_prototypes"]
    options = BenchOptions(detectors=rivals, seeds=range(1), epochs=1)
    lab.run(Library({"samples": SAMPLES}), ["samples"], options, results)
    runs = results.frame()
    assert runs.filter(pl.col("detector") == "kmeans_prototypes").height == 6
    assert set(runs.filter(pl.col("family") == "trivial")["site"]) == {"alpha", "beta"}
    moved = runs.filter(pl.col("site") == "beta", pl.col("trained_on") == "alpha").sort("threshold_from")
    assert moved["threshold_from"].to_list() == ["alpha", "beta"]
    assert moved["macro_auroc"].n_unique() == 1  # only the threshold moves
    n = len(results.rows)
    lab.run(Library({"samples": SAMPLES}), ["samples"], options, results)
    assert len(results.rows) == n
    text = lab.table(runs, against="kmeans_prototypes")
    assert "#### Site alpha, by class" in text
    assert "| syn_flood | 800 |" in text
