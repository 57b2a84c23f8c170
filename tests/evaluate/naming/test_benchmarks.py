"""Benchmarks of naming run what is missing, once, and compare on the same draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.contest import write_corrected

from clan.cli import main
from clan.errors import DataError, UnknownNameError
from clan.evaluate.benchmarks import benchmark
from clan.evaluate.datasets import find_datasets
from clan.evaluate.naming import NAMERS, choose_namers, run_closed, run_open
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library

QUICK = ["logistic_regression"]


def options(names: list[str], seeds: int, epochs: int | None = None) -> BenchOptions:
    return BenchOptions(detectors=choose_namers(names), seeds=range(seeds), epochs=epochs)


def empty() -> Results:
    p2 = benchmark("p2")
    return Results(None, fields=p2.fields, key=p2.key)


def write_lycos(folder: Path, n: int = 104) -> Path:
    """A small file in the form of LYCOS-IDS2017: three classes that their durations tell apart, and a rare one."""
    generator = np.random.default_rng(0)
    lines = ["flow_id,src_addr,src_port,dst_addr,dst_port,ip_prot,timestamp,flow_duration,fwd_pkt_cnt,never,label"]
    classes = {"benign": (n, 10.0), "dos_hulk": (n, 1_000.0), "portscan": (n, 1_000_000.0), "heartbleed": (5, 5e8)}
    for label, (rows, middle) in classes.items():
        for number in range(rows):
            duration = middle * np.exp(generator.uniform(-2, 2))
            lines.append(
                f"{label}{number},10.0.0.1,4{number},10.0.0.2,80,6,149{number:04}000000000,"
                f"{duration:.1f},{number % 7},0,{label}"
            )
    (folder / "lycos.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_closed_set_is_compared_on_the_same_draws_and_made_once(tmp_path: Path) -> None:
    library, results = Library(find_datasets(write_corrected(tmp_path, n_attack=360))), empty()
    for seeds in (1, 2):
        run_closed("p2", library, ["cicids2017"], options(QUICK, seeds), results, ks=(8, 50))
        assert len(results.rows) == 2 * 2 * seeds
    table = benchmark("p2").table(results.frame())
    assert "| macro F1 | k = 8 | k = 50 | taught in | flows/s | draws |" in table
    assert "difference to extra_trees on the same draws" in table
    (row,) = (line for line in table.splitlines() if line.startswith("| logistic_regression | 0."))
    assert row.count(" to ") == 2
    assert row.endswith("| 2 |")


def test_open_set_leaves_each_attack_out(tmp_path: Path) -> None:
    library, results = Library(find_datasets(write_corrected(tmp_path, n_attack=360))), empty()
    run_open("p2_open", library, ["cicids2017"], options(["clan"], 1), results, k=20)
    frame = results.frame()
    assert sorted(frame.filter(namer="clan")["left_out"]) == ["Botnet", "DDoS", "DoS Hulk"]
    assert all(float(row["known_called_unknown"]) < 0.2 for row in results.rows if row["namer"] == "clan")
    table = benchmark("p2_open").table(frame)
    for label in ("Botnet *", "DDoS", "**mean**", "mean of the choosing classes *", "mean of the others"):
        assert f"| {label} |" in table


def test_p4_fine_tunes_as_published_and_shows_the_published_figures(tmp_path: Path) -> None:
    library, results = Library(find_datasets(write_lycos(tmp_path))), empty()
    run_closed("p4_naming", library, ["lycos"], options(["clan:full"], 1, epochs=3), results, ks=(8,))
    found = {row["namer"]: float(row["macro_f1"]) for row in results.rows}
    assert found["clan:full"] > 0.8  # three classes that one column tells apart, eight flows of each
    assert {row["n_test"] for row in results.rows} == {"156"}  # the rare class takes no part
    table = benchmark("p4_naming").table(results.frame())
    assert "clan:full" in table
    assert "epochs: 3\n" in table
    assert "| 1024 | 0.739 | 0.735 (ConFlow) |" in table


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lycos(tmp_path)
    words = ["bench", "p4_naming", "--data", str(tmp_path), "--seeds", "1", "--out", str(tmp_path / "runs.csv")]
    assert main([*words, "--detectors", "logistic_regression"]) == 0
    shown = capsys.readouterr()
    assert "| logistic_regression |" in shown.out
    assert "k = 1024" in shown.out
    assert "logistic_regression: macro F1 1.0000" in shown.err
    assert main([*words, "--detectors", "clam"]) == 2
    assert "did you mean 'clan'" in capsys.readouterr().err


def test_names() -> None:
    assert [each.name for each in choose_namers(None)] == ["clan", "extra_trees"]
    assert [each.name for each in choose_namers(["all"])] == list(NAMERS)
    with pytest.raises(UnknownNameError, match="unknown namer"):
        choose_namers(["kmeans"])


def test_so_few_rows_that_no_benign_one_is_left_over(tmp_path: Path) -> None:
    """With at most 100 rows a class, k = 60 takes every benign row of the first half."""
    library = Library(find_datasets(write_corrected(tmp_path, n_attack=360)), max_class_rows=100)
    results, told = empty(), list[str]()
    asked = replace(options(["clan", "extra_trees+benign"], 1), tell=told.append)
    run_closed("p2", library, ["cicids2017"], asked, results, ks=(60,))
    assert told[0] == "3 runs on 1 data set, kept in memory"
    assert {row["n_benign"] for row in results.rows} == {"0"}
    assert {row["namer"] for row in results.rows} == {"clan", "extra_trees", "extra_trees+benign"}
    with pytest.raises(DataError, match="only classes with 100 rows or more take part, and 0 have so many"):
        run_closed("p2", Library(library.paths, max_class_rows=60), ["cicids2017"], asked, results, ks=(60,))
