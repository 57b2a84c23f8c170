"""Who takes part in a benchmark of naming: clan's heads, its full fine-tuning, and plain classifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clan.classify import FlowClassifier
from clan.detect import ClanDetector
from clan.encoder.column_scalers import signed_log
from clan.errors import UnknownNameError
from clan.evaluate.naming.lesson import Lesson

REFERENCE = "extra_trees"
"""The rival that tables compare with; it takes part in every run."""


class Taught(Protocol):
    """A fitted classifier."""

    def predict(self, x: NDArray[np.float64], /) -> NDArray[Any]:
        """Name rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Namer:
    """One row of a comparison.

    Attributes:
        name: How `--detectors` names it.
        what: What it is, in a few words.
        fit: Learns from a lesson: ``fit(lesson, seed=0, width="common", epochs=None)``.
    """

    name: str
    what: str
    fit: Callable[..., Taught]


def unknown_score(model: Taught, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how unknown rows are: clan's own score, or what the best class lacks of certainty."""
    if isinstance(model, FlowClassifier):
        return model.unknown_score(x)
    return 1 - model.predict_proba(x).max(axis=1)  # type: ignore[attr-defined]


def _clan(taught: Lesson, *, seed: int, head: str = "trees", further: bool = True, **_: Any) -> Taught:
    """FlowClassifier as a user calls it."""
    model = FlowClassifier(head=head, benign=taught.benign, random_state=seed)
    return model.fit(taught.x, taught.y, benign_rows=taught.further if further else None)


def _embedded(taught: Lesson, *, seed: int, width: str, epochs: int | None, **settings: Any) -> Taught:
    """FlowClassifier on a detector that was trained on the benign rows of the first half."""
    further = settings.pop("further")
    detector = ClanDetector(
        preset="default" if width == "common" else "paper", epochs=epochs, n_folds=2, fpr=0.1, random_state=seed
    ).fit(taught.unlabelled)
    model = FlowClassifier(detector, benign=taught.benign, random_state=seed, **settings)
    return model.fit(taught.x, taught.y, benign_rows=taught.further if further else None)


def _extra_trees(taught: Lesson, *, seed: int, further: bool = False, **_: Any) -> Taught:
    """300 extra trees; with further benign rows, every class weighing the same."""
    if not further:
        return ExtraTreesClassifier(300, random_state=seed).fit(taught.x, taught.y)
    y = np.append(taught.y, np.full(len(taught.further), taught.benign))
    trees = ExtraTreesClassifier(300, class_weight="balanced", random_state=seed)
    return trees.fit(np.concatenate([taught.x, taught.further]), y)


def _random_forest(taught: Lesson, *, seed: int, **_: Any) -> Taught:
    return RandomForestClassifier(300, random_state=seed).fit(taught.x, taught.y)


class _SignedLog:
    """A classifier on signed-log columns."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, x: NDArray[np.float64], y: NDArray[np.str_]) -> _SignedLog:
        """Learn."""
        self.model.fit(signed_log(x), y)
        return self

    def predict(self, x: NDArray[np.float64]) -> NDArray[Any]:
        """Name rows."""
        return np.asarray(self.model.predict(signed_log(x)))

    def predict_proba(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give class probabilities."""
        return np.asarray(self.model.predict_proba(signed_log(x)))


def _logistic(taught: Lesson, *, seed: int, **_: Any) -> Taught:  # noqa: ARG001 - it draws nothing
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return _SignedLog(model).fit(taught.x, taught.y)


def _with(fit: Callable[..., Taught], **changes: Any) -> Callable[..., Taught]:
    def changed(taught: Lesson, **given: Any) -> Taught:
        return fit(taught, **given, **changes)

    return changed


NAMERS: dict[str, Namer] = {
    name: Namer(name=name, what=what, fit=fit)
    for name, what, fit in (
        ("clan", "FlowClassifier, with the unlabelled benign rows", _clan),
        ("clan:labelled", "FlowClassifier, labelled rows only", _with(_clan, further=False)),
        ("clan:full", "whole network trained, as published; labelled rows only", _with(
            _embedded, further=False, frozen=False)),
        ("clan:full+benign", "the same with the unlabelled benign rows", _with(_embedded, further=True, frozen=False)),
        ("clan:linear", "linear head on columns and embedding, with the benign rows", _with(
            _embedded, further=True, head="linear")),
        ("clan:prototypes", "prototypes on columns and embedding, with the benign rows", _with(
            _embedded, further=True, head="prototypes")),
        (REFERENCE, "300 extra trees, labelled rows only", _extra_trees),
        ("extra_trees+benign", "300 extra trees, balanced, with the benign rows", _with(_extra_trees, further=True)),
        ("random_forest", "300 trees, labelled rows only", _random_forest),
        ("logistic_regression", "on signed-log columns, labelled rows only", _logistic),
    )
}  # fmt: skip
"""Name to namer."""


def choose_namers(names: Sequence[str] | None) -> list[Namer]:
    """Choose namers by name; the reference always takes part.

    Args:
        names: Names, or the single word `all`; None for clan's own.

    Raises:
        UnknownNameError: Nobody has this name.
    """
    wanted = list(NAMERS) if list(names or ()) == ["all"] else list(names or ["clan"])
    for name in wanted:
        if name not in NAMERS:
            raise UnknownNameError("namer", name, NAMERS)
    return [NAMERS[name] for name in dict.fromkeys([*wanted, REFERENCE])]
