"""Benchmarks run what is missing, once, and their tables show it with intervals and tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.evaluate.contest import Fixed, broken, contender, write_corrected

from clan.errors import ConfigError, SourceUnavailable, UnknownNameError
from clan.evaluate import Split
from clan.evaluate.benchmarks import BENCHMARKS, benchmark
from clan.evaluate.contenders import AUDIT, OURS, choose, contenders
from clan.evaluate.datasets import DATASETS, find_datasets
from clan.evaluate.measure import FIELDS, KEY, Site, measure
from clan.evaluate.published import PUBLISHED, published_table
from clan.evaluate.results import Results
from clan.evaluate.rivals import RIVALS, Rival
from clan.evaluate.runner import BenchOptions, Library
from clan.evaluate.summary import groups
from clan.evaluate.table import markdown


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(find_datasets(write_corrected(tmp_path)))


def run(name: str, library: Library, detectors: Sequence[Rival], seeds: int = 2) -> tuple[Results, list[str]]:
    told: list[str] = []
    results = Results(None, fields=FIELDS, key=KEY)
    options = BenchOptions(detectors=detectors, seeds=range(seeds), tell=told.append)
    benchmark(name).run(library, list(library.paths), options, results)
    return results, told


def test_a_run_says_everything_that_a_reader_must_know(library: Library) -> None:
    results, told = run("p1", library, [contender("by_duration")], seeds=1)
    (row,) = results.frame().rows(named=True)
    assert row["macro_auroc"] == pytest.approx(0.98, abs=0.03)
    assert set(json.loads(row["auroc_by_class"])) == {"DoS Hulk", "DDoS", "Botnet"}
    assert row["choosing_auroc"] != row["reporting_auroc"]
    assert (row["n_train"], row["n_benign"], row["n_attack"]) == (200, 200, 60)
    assert (row["recall_1pct"], row["alerts_per_day"]) == ("", "")  # 2 false positives expected are too few
    assert row["clan_version"]
    assert "cores" in row["machine"]
    assert "numpy" in json.loads(row["libraries"])
    assert told[0] == "1 run on 1 data set, kept in memory"
    assert "by_duration: macro AUROC" in told[1]


def test_what_is_there_is_not_run_again(library: Library) -> None:
    scorer = Fixed()
    results, _ = run("p1", library, [contender("a", scorer)])
    options = BenchOptions(detectors=[contender("a", scorer)], seeds=range(3))
    benchmark("p1").run(library, list(library.paths), options, results)
    assert (scorer.fits, len(results.rows)) == (3, 3)


def test_runs_on_fewer_rows_are_told_apart(library: Library) -> None:
    results, _ = run("p1", library, [contender("a")], seeds=1)
    options = BenchOptions(detectors=[contender("a")], seeds=[0])
    benchmark("p1").run(Library(library.paths, max_class_rows=10), list(library.paths), options, results)
    assert [row["condition"] for row in results.rows] == ["", "at most 10 rows a class"]
    assert [row["n_attack"] for row in results.rows] == ["60", "30"]


def test_a_detector_that_cannot_run_is_told_and_the_others_go_on(library: Library) -> None:
    results, told = run("p1", library, [replace(contender("b"), make=broken), contender("a")], seeds=1)
    assert [row["detector"] for row in results.rows] == ["a"]
    assert "left out, nothing is needed to take part" in told[1]


@pytest.mark.parametrize(
    ("name", "conditions"),
    [("p1", 1), ("p4", 1), ("time", 1), ("shortcuts", 2), ("dirty", 6), ("cross", 0)],
)
def test_every_benchmark_runs_and_prints(name: str, conditions: int, library: Library) -> None:
    results, _ = run(name, library, [contender("clan"), contender("back", Fixed(-1.0))])
    assert len(results.rows) == conditions * 4
    text = benchmark(name).table(results.frame())
    assert text.count("| detector |") == conditions or (name == "dirty" and text.count(" of attacks in tr") == 6)
    picture = benchmark(name).picture
    assert picture is not None
    assert picture(results.frame()).count('class="ours"') == conditions + bool(conditions)  # and the legend


def test_table_compares_on_the_same_seeds(library: Library) -> None:
    results, _ = run("p1", library, [contender("clan"), contender("back", Fixed(-1.0))], seeds=4)
    (group,) = groups(results.frame())
    clan, back = group.lines
    assert (group.reference, clan.detector, clan.against) == ("clan", "clan", None)
    assert back.figures["macro_auroc"].n == 4
    assert back.against is not None
    difference = back.figures["macro_auroc"].mean - clan.figures["macro_auroc"].mean
    assert back.against.difference == pytest.approx(difference)
    assert back.holm_p == back.against.t_p
    assert back.against.t_p is not None
    assert back.against.t_p < 1e-4
    text = benchmark("p1").table(results.frame())
    assert f"{back.against.difference:+.3f} (" in text
    assert "DoS Hulk *" in text
    assert "DDoS *" not in text


def test_table_by_class_keeps_to_the_best_and_the_reference(library: Library) -> None:
    many = [contender(f"d{number}") for number in range(12)]
    results, _ = run("p1", library, [*many, contender("clan", Fixed(-1.0))], seeds=1)
    text = benchmark("p1").table(results.frame())
    header = next(line for line in text.splitlines() if line.startswith("| AUROC by class, the best 8"))
    assert header.count("|") == 1 + 1 + 8 + 1
    assert header.endswith("| clan |")
    short = markdown(results.frame(), classes=False, best=3)
    listed = [
        [line.split()[1] for line in each.splitlines() if line.startswith(("| d", "| clan"))] for each in (text, short)
    ]
    assert listed[1] == [*listed[0][:4], "clan"]  # the header, the best three, and what they are compared with
    assert "And 9 further, all behind the best 3." in short


def test_cross_runs_test_each_data_set_by_every_other(tmp_path: Path) -> None:
    folder = write_corrected(tmp_path)
    text = (folder / "cicids2017_improved.csv").read_text()
    original = {"Src": "Source", "Dst": "Destination", "Total Fwd Packet": "Init_Win_bytes_forward"}
    for new, old in original.items():
        text = text.replace(new, old)
    (folder / "GeneratedLabelledFlows").mkdir()
    (folder / "GeneratedLabelledFlows" / "Monday.csv").write_text(text)
    library = Library(find_datasets(folder))
    library.get("cicids2017").features.insert_column(0, pl.Series("only here", np.zeros(460)))
    kept = library.get("cicids2017_original")
    kept.features.insert_column(0, library.get("cicids2017").features["Total Fwd Packet"])
    results, _ = run("cross", library, [contender("a")], seeds=1)
    told = {(row["dataset"], row["condition"], row["notes"]) for row in results.rows}
    assert told == {
        ("cicids2017", "trained on CIC-IDS2017 (original)", "2 common columns"),
        ("cicids2017_original", "trained on CIC-IDS2017 (corrected)", "2 common columns"),
    }


def test_metrics_at_low_rates_appear_with_enough_benign_rows() -> None:
    generator = np.random.default_rng(0)
    labels = np.array(["ok"] * 20_000 + ["bad"] * 100)
    test = pl.DataFrame({"x": np.concatenate([generator.normal(size=20_000), generator.normal(4, 1, 100)])})
    split = Split(train=test[:10], test=test, labels=labels, benign="ok", notes=("a note",))
    found = measure(Fixed(), split, site=Site(prevalence=0.01, flows_per_day=1_000))
    assert found["recall_1pct"] == pytest.approx(0.95, abs=0.04)
    assert found["recall_01pct"] == pytest.approx(0.82, abs=0.08)
    assert found["recall_001pct"] is None
    assert found["alerts_per_day"] == pytest.approx(10)
    recall = found["recall_1pct"]
    assert isinstance(recall, float)
    assert found["precision"] == pytest.approx(0.01 * recall / (0.01 * recall + 0.99 * 0.01))
    assert (found["choosing_auroc"], found["reporting_auroc"], found["notes"]) == (found["macro_auroc"], None, "a note")


def test_the_audit_always_takes_part_and_names_are_checked() -> None:
    assert [each.name for each in choose(None)] == [OURS, *AUDIT]
    names = [each.name for each in choose(["clan:centroid", "linear"])]
    assert names == ["clan:centroid", "linear", "random_encoder", "nearest_neighbour"]
    assert {each.name for each in choose(["all"])} >= {OURS, *AUDIT}
    with pytest.raises(UnknownNameError, match="did you mean 'linear'"):
        choose(["linear_"])
    with pytest.raises(UnknownNameError, match="unknown benchmark"):
        benchmark("p9")


@pytest.mark.parametrize("name", AUDIT)
def test_audit_finds_what_is_far_off(name: str) -> None:
    generator = np.random.default_rng(0)
    benign = pl.DataFrame(generator.normal(size=(300, 4)) @ generator.normal(size=(4, 8)))
    scorer = contenders()[name].make(seed=0, width="common", epochs=None)
    scorer.fit(benign)
    far = benign + 25.0
    assert np.median(scorer.anomaly_score(far)) > np.quantile(scorer.anomaly_score(benign), 0.95)


def test_options_are_checked() -> None:
    with pytest.raises(ConfigError, match="common or paper, got 'wide'"):
        BenchOptions(detectors=[], seeds=[0], width="wide")
    with pytest.raises(ConfigError, match="at least one seed"):
        BenchOptions(detectors=[], seeds=[])
    with pytest.raises(SourceUnavailable, match="NSL-KDD was not found: expected one of nsl_kdd"):
        Library({}).get("nsl_kdd")


def test_published_means_are_those_of_the_paper() -> None:
    means = [np.mean(column) for column in zip(*PUBLISHED.auroc_by_class.values(), strict=True)]
    assert means == pytest.approx([0.9586, 0.9014, 0.8843, 0.8819, 0.9021, 0.9066, 0.9019, 0.8840], abs=6e-5)
    assert "| mean | 0.9586 |" in published_table()
    assert PUBLISHED.dataset in DATASETS


def test_benchmarks_are_registered_by_their_names() -> None:
    assert {name: each.name for name, each in BENCHMARKS.items()} == {name: name for name in BENCHMARKS}


def test_published_figures_stand_below_ours_on_their_data_set(tmp_path: Path) -> None:
    head = "flow_id,src_addr,src_port,dst_addr,dst_port,ip_prot,timestamp,flow_duration,down_up_ratio,label\n"
    rows = [f"x,1.1.1.1,5,2.2.2.2,80,6,{i},{i % 7},0,{'bot' if i % 3 else 'benign'}\n" for i in range(600)]
    rows += ["x,1.1.1.1,5,2.2.2.2,80,6,1,9,0,heartbleed\n"] * 12
    (tmp_path / "lycos.csv").write_text(head + "".join(rows))
    results, _ = run("p4", Library(find_datasets(tmp_path)), [contender("clan")], seeds=1)
    (row,) = results.rows
    assert row["notes"] == "zero-day classes: heartbleed; 1 columns that are not all 0"
    assert (row["n_train"], row["n_benign"], row["n_attack"]) == ("100", "100", "212")
    text = benchmark("p4").table(results.frame())
    assert text.index("#### LYCOS-IDS2017") < text.index("#### As published (Wilkie et al. 2025")


def test_all_means_every_rival_once() -> None:
    names = [each.name for each in choose(["all"])]
    assert set(names) == {"clan", *RIVALS}
    assert len(set(names)) == len(names)
