"""The runs of a benchmark of naming, each made once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from sklearn.metrics import f1_score

from clan.classify import FlowClassifier
from clan.counted import counted
from clan.errors import ClanError
from clan.evaluate.machine import provenance
from clan.evaluate.metrics import auroc
from clan.evaluate.naming.lesson import Lesson, lesson, without_class
from clan.evaluate.naming.namers import Namer, Taught, unknown_score
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library, announce

KEY = ("benchmark", "dataset", "condition", "namer", "k", "left_out", "width", "epochs", "seed")
"""What names a run."""

FIELDS = (
    *KEY,
    "macro_f1",
    "unknown_auroc",
    "known_called_unknown",
    "left_out_called_unknown",
    "n_labelled",
    "n_benign",
    "n_test",
    "training_s",
    "flows_per_s",
    "finished",
    "clan_version",
    "commit",
    "machine",
    "libraries",
)
"""Columns of a results file; `left_out` names the class that no label tells, empty where all classes are known."""


def run_closed(
    benchmark: str,
    library: Library,
    names: Sequence[str],
    options: BenchOptions,
    results: Results,
    *,
    ks: Sequence[int],
) -> None:
    """Teach and test every namer on every draw that the results lack: seed by seed, k by k."""
    draws = [
        {"benchmark": benchmark, "dataset": name, "k": k, "left_out": "", "seed": seed}
        for name in names
        for seed in options.seeds
        for k in ks
    ]
    missing = (run for where in draws for _, run in _missing(where, library, options, results))
    announce(((str(run["dataset"]), run) for run in missing), options, results)
    for where in draws:
        taught: Lesson | None = None
        for namer, run in _missing(where, library, options, results):
            taught = taught or lesson(library.get(str(where["dataset"])), int(str(where["k"])), int(str(where["seed"])))
            _run(namer, taught, run, options, results)


def run_open(
    benchmark: str, library: Library, names: Sequence[str], options: BenchOptions, results: Results, *, k: int
) -> None:
    """Leave each attack class out in turn, and ask how unknown its rows are beside those of the known classes."""
    options.tell(
        f"a run for each attack class with each of {counted(len(options.detectors), 'namer')} and "
        f"{counted(len(options.seeds), 'seed')} on {counted(len(names), 'data set')}, kept in {results.place}"
    )
    for name in names:
        for seed in options.seeds:
            whole = lesson(library.get(name), k, seed)
            for left_out in sorted(set(whole.y.tolist()) - {whole.benign}):
                where = {"benchmark": benchmark, "dataset": name, "k": k, "left_out": left_out, "seed": seed}
                for namer, run in _missing(where, library, options, results):
                    _run(namer, without_class(whole, left_out), run, options, results)


def _missing(
    where: Mapping[str, object], library: Library, options: BenchOptions, results: Results
) -> Iterator[tuple[Namer, dict[str, object]]]:
    for namer in options.detectors:
        run = {**where, "condition": library.condition, "namer": namer.name}
        run |= {"width": options.width, "epochs": options.epochs}
        if run not in results:
            yield namer, run


def _run(namer: Namer, taught: Lesson, run: Mapping[str, object], options: BenchOptions, results: Results) -> None:
    """Make one run; a namer that fails with one of clan's errors is told and left out."""
    where = " ".join(str(run[key]) for key in ("dataset", "seed", "k", "left_out", "namer") if run[key] != "")
    started = time.perf_counter()
    try:
        model = namer.fit(taught, seed=int(str(run["seed"])), width=options.width, epochs=options.epochs)
    except ClanError as error:
        options.tell(f"{where}: left out, {error}")
        return
    training_s = time.perf_counter() - started
    found = _judge(model, taught, str(run["left_out"]))
    results.append(
        {
            **run,
            **found,
            "n_labelled": len(taught.y),
            "n_benign": len(taught.further),
            "n_test": len(taught.y_test),
            "training_s": training_s,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            **provenance(),
        }
    )
    score = found.get("macro_f1", found.get("unknown_auroc"))
    options.tell(f"{where}: {'AUROC' if run['left_out'] else 'macro F1'} {score:.4f}, taught in {training_s:.1f} s")


def _judge(model: Taught, taught: Lesson, left_out: str) -> dict[str, float]:
    started = time.perf_counter()
    if not left_out:
        named = model.predict(taught.x_test)
        speed = len(taught.x_test) / (time.perf_counter() - started)
        return {"macro_f1": float(f1_score(taught.y_test, named, average="macro")), "flows_per_s": speed}
    score = unknown_score(model, taught.x_test)
    speed = len(taught.x_test) / (time.perf_counter() - started)
    strange = taught.y_test == left_out
    found = {"unknown_auroc": auroc(score[~strange], score[strange]), "flows_per_s": speed}
    if isinstance(model, FlowClassifier):
        unknown = score > model.unknown_threshold_
        found["known_called_unknown"] = float(np.mean(unknown[~strange]))
        found["left_out_called_unknown"] = float(np.mean(unknown[strange]))
    return found
