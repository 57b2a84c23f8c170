"""What training and scoring cost: the default beside the published recipe, and time and memory over the rows.

    python benchmarks/speed/training.py [--quick] [--rows 10000 100000 1000000 2000000]

Flows are made up: 75 columns, 20 kinds of benign traffic; what they say does not matter for the time. Each figure is
measured in a process of its own, so that its peak memory is its own. The published recipe is measured for two epochs
and its training time taken as that of its 200, for one network, as published; the default's is the whole `fit`, with
the networks that its threshold rests on.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect import ClanDetector
from clan.detect.presets import preset
from clan.encoder import fit_scaler
from clan.train import TrainProgress, train_encoder

N_COLUMNS = 75
N_KINDS = 20
SMALL = 2_500
"""Rows of protocol P1 on the corrected CIC-IDS2017: the size for which the goal of 60 s is set."""

N_SCORED = 100_000
LIMIT_GB, LIMIT_S, LIMIT_FLOWS = 4.0, 60.0, 500_000.0


def flows(n: int, seed: int = 0) -> NDArray[np.float64]:
    """Make up raw features: lognormal around the centre of a kind. Shape `(n, N_COLUMNS)`."""
    generator = np.random.default_rng(seed)
    centers = np.random.default_rng(0).normal(5.0, 3.0, size=(N_KINDS, N_COLUMNS))
    values = np.empty((n, N_COLUMNS))
    for start in range(0, n, 100_000):  # block by block: the benchmark's own memory should not count
        part = values[start : start + 100_000]
        part[:] = np.exp(centers[generator.integers(N_KINDS, size=len(part))] + generator.normal(size=part.shape))
    return values


def peak_gb() -> float:
    """Peak memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def seconds_per_epoch(values: NDArray[np.float64], name: str, epochs: int) -> float:
    """Train one network for some epochs; the first is not counted, it warms up."""
    recipe = preset(name)
    x = fit_scaler("signed_log", values).transform(values)
    ends: list[float] = []

    def note(state: TrainProgress) -> None:  # noqa: ARG001 - only the moment counts
        ends.append(time.perf_counter())

    settings = replace(recipe.train, epochs=epochs + 1, max_steps=None, patience=epochs + 1)
    train_encoder(x, settings, seed=0, progress=note)
    return (ends[-1] - ends[0]) / epochs


def fit(values: NDArray[np.float64]) -> dict[str, float]:
    """Fit the default as a user does: six networks and the threshold."""
    started = time.perf_counter()
    ClanDetector(random_state=0).fit(values)
    return {"fit_s": time.perf_counter() - started, "peak_gb": peak_gb()}


def score(name: str) -> dict[str, float]:
    """Score a polars table to p-values; the quickest of five passes."""
    detector = ClanDetector(preset=name, epochs=1, n_folds=2, random_state=0).fit(flows(SMALL))
    table = pl.DataFrame(flows(N_SCORED, seed=1), schema=[f"x{i}" for i in range(N_COLUMNS)])
    n = N_SCORED if name == "default" else N_SCORED // 10
    passes, busy = [], []
    for _ in range(5):
        started, worked = time.perf_counter(), time.process_time()
        detector.p_value(table[:n])
        passes.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
    return {"flows_per_s": n / min(passes), "flows_per_cpu_s": n / min(busy)}


def child(task: str, rows: int) -> dict[str, float]:
    """Do one measurement; runs in its own process."""
    warnings.simplefilter("ignore")
    if task in ("default", "paper"):
        return {"epoch_s": seconds_per_epoch(flows(rows), task, 2)}
    return fit(flows(rows)) if task == "fit" else score(task.removeprefix("score:"))


def measure(task: str, rows: int = 0) -> dict[str, float]:
    """Run a measurement in a process of its own."""
    words = [sys.executable, str(Path(__file__).resolve()), "--child", task, "--rows", str(rows)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small tables: does it run")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 2_000_000])
    parser.add_argument("--scoring", action="store_true", help="scoring only, a minute")
    parser.add_argument("--child", default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.rows[0])))
        return
    if given.quick:
        show_rows([300])
        return
    if given.scoring:
        show_scoring()
        return
    show_presets()
    show_rows(given.rows)
    print(f"\n{len(os.sched_getaffinity(0))} cores.")


def show_presets() -> None:
    """Print the default beside the published recipe, at the size of P1."""
    paper, default = measure("paper", SMALL)["epoch_s"], measure("default", SMALL)["epoch_s"]
    speeds = {name: measure(f"score:{name}")["flows_per_s"] for name in ("default", "paper")}
    whole = measure("fit", SMALL)
    print(f"| {SMALL:,} rows | an epoch | training | scoring, flows/s |\n|---|---|---|---|")
    print(f"| default | {default:.3f} s | {whole['fit_s']:.1f} s, threshold included | {speeds['default']:,.0f} |")
    print(f"| published recipe | {paper:.3f} s | {200 * paper:.0f} s for one network | {speeds['paper']:,.0f} |")
    told = {"training": whole["fit_s"] <= LIMIT_S, "scoring": speeds["default"] >= LIMIT_FLOWS}
    print(f"\nGoals: training under {LIMIT_S:.0f} s: {met(told['training'])}; ", end="")
    print(f"scoring {LIMIT_FLOWS:,.0f} flows/s: {met(told['scoring'])}.\n")


def show_scoring() -> None:
    """Print how fast the default scores, beside the published recipe."""
    found = {name: measure(f"score:{name}") for name in ("default", "paper")}
    print("| | flows/s | flows in a second of one core's time |\n|---|---|---|")
    for title, name in (("default", "default"), ("published recipe", "paper")):
        print(f"| {title} | {found[name]['flows_per_s']:,.0f} | {found[name]['flows_per_cpu_s']:,.0f} |")
    cores = len(os.sched_getaffinity(0))
    ratio = found["default"]["flows_per_cpu_s"] / found["paper"]["flows_per_cpu_s"]
    print(f"\nFrom table to p-value. {ratio:.0f} times as many a core. {cores} cores at a load average of ", end="")
    print(f"{os.getloadavg()[0]:.0f}: above {cores}, the first column tells what others left. ", end="")
    print(
        f"Goal of {LIMIT_FLOWS:,.0f} flows/s: {met(found['default']['flows_per_s'] >= LIMIT_FLOWS)} in this run, ",
        end="",
    )
    print(f"the time of {cores} cores is enough for {cores * found['default']['flows_per_cpu_s']:,.0f}.")


def show_rows(sizes: list[int]) -> None:
    """Print time and memory over the rows."""
    print("| rows | an epoch | a million rows' epoch | whole fit | peak memory |\n|---|---|---|---|---|")
    lines: list[dict[str, Any]] = []
    for rows in sizes:
        line = {"rows": rows, **measure("default", rows), **measure("fit", rows)}
        lines.append(line)
        print(
            f"| {rows:,} | {line['epoch_s']:.2f} s | {line['epoch_s'] / rows * 1e6:.1f} s | {line['fit_s']:.1f} s "
            f"| {line['peak_gb']:.2f} GB |",
            flush=True,
        )
    rate = [line["epoch_s"] / line["rows"] for line in lines]
    most = max(line["peak_gb"] for line in lines)
    print(f"\nA row's share of an epoch differs by a factor {max(rate) / min(rate):.2f} between the sizes; ", end="")
    print(f"peak memory under {LIMIT_GB:.0f} GB: {met(most < LIMIT_GB)}.")


def met(holds: bool) -> str:  # noqa: FBT001 - one word for it
    """Say whether a goal was met."""
    return "met" if holds else "not met"


if __name__ == "__main__":
    main()
