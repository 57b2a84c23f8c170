"""Naming of flows from a few labelled ones: scikit-learn's classifier verbs around a head and a measure of novelty."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from clan.classify.file import LearntFrom, Named, from_file, naming_manifest, to_file
from clan.classify.heads import Examples, head_class
from clan.classify.held_out import class_quantile, held_out_proba
from clan.classify.novelty import Novelty
from clan.detect import ClanDetector, columns
from clan.detect.arrays import read_array
from clan.detect.training_rows import rows_of_array, rows_of_frame
from clan.encoder.column_scalers import signed_log
from clan.errors import ConfigError, DataError
from clan.schema import Feature

Floats = NDArray[np.float64]
Array = NDArray[np.float32]
Table = pl.DataFrame | pl.LazyFrame | ArrayLike

UNKNOWN = "unknown"
"""What `name` calls a flow that is like nothing labelled."""


class Naming(NamedTuple):
    """What `FlowClassifier.naming` says of flows, each of shape `(n,)`.

    Attributes:
        name: The likeliest class as text, or `unknown`.
        likeliest: The likeliest class as text, even where none fits.
        probability: Of the likeliest class, in [0, 1].
    """

    name: NDArray[np.str_]
    likeliest: NDArray[np.str_]
    probability: Floats


class FlowClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Name flows after a few labelled ones of each class, and say `unknown` where none of them is like the flow.

    Args:
        detector: A fitted detector: its features are used, its encoder by the heads that look at the embedding, and
            both go into one file. Without one, the classifier stands alone. It is shared, never fitted again.
        head: Name in `clan.classify.HEADS`: ``"trees"``, ``"linear"`` or ``"prototypes"``. None: ``"trees"`` on a
            frozen encoder, ``"linear"`` otherwise.
        frozen: Whether the encoder stays as it is. Otherwise a copy of it is trained to tell the classes apart, with a
            linear layer on top, as published; the detector detects as before. That needs torch and a detector with an
            encoder.
        benign: Name of the benign class among the labels, in any case; there need not be one.
        unknown_share: Share of known flows that `name` may call unknown, in (0, 1), every class weighing the same.
        random_state: Seed or generator; with the same one, two fits give the same model.

    Attributes:
        classes_: The names, sorted. Shape `(n_classes,)`.
        features_: The features that the model looks at (`clan.schema.Feature`).
        head_: What gives the probabilities.
        novelty_: What `unknown` rests on.
        unknown_threshold_: `unknown_score` above which `name` says unknown; labelled rows that were held out set it.
        middle_: Median of each signed-log column, which stands for values that a flow's source cannot tell. Shape
            `(n_features,)`.
        learnt_from_: How many rows each of these rests on (`clan.classify.LearntFrom`).

    Example:
        >>> random = np.random.default_rng(0)
        >>> flows = np.concatenate([random.normal(0, 1, (20, 4)), random.normal(50, 1, (20, 4))])
        >>> namer = FlowClassifier(random_state=0).fit(flows, ["benign"] * 20 + ["scan"] * 20)
        >>> namer.name([[0.0, 0.0, 0.0, 0.0], [50.0, 50.0, 50.0, 50.0], [9e9, 0.0, -9e9, 0.0]]).tolist()
        ['benign', 'scan', 'unknown']
    """

    def __init__(
        self,
        detector: ClanDetector | None = None,
        *,
        head: str | None = None,
        frozen: bool = True,
        benign: str = "benign",
        unknown_share: float = 0.05,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.detector = detector
        self.head = head
        self.frozen = frozen
        self.benign = benign
        self.unknown_share = unknown_share
        self.random_state = random_state

    def __sklearn_clone__(self) -> Self:
        """Copy the settings; the detector stays fitted."""
        return type(self)(**self.get_params(deep=False))

    def fit(self, X: Table, y: ArrayLike, *, benign_rows: Table | None = None) -> Self:
        """Learn the classes.

        Args:
            X: Labelled flows.
            y: The class of each. Shape `(n,)`.
            benign_rows: Flows that are benign because of where they come from, such as those that the detector was
                trained on. They widen what counts as benign; where no label names the benign class, they make it. A
                table without rows is as good as none.

        Raises:
            ConfigError: A setting that cannot be.
            DataError: Fewer than two classes; a class called `unknown`; null or infinite values.
            SchemaError: Columns that are missing or not numeric.
            ValueError: A NumPy or pandas table that scikit-learn's validation refuses.
        """
        if not 0 < self.unknown_share < 1:
            raise ConfigError(f"unknown_share must be in (0, 1), got {self.unknown_share}")
        kind = head_class(self.head, frozen=self.frozen)
        if not self.frozen and (self.detector is None or self.detector.model_.encoder is None):
            raise ConfigError(
                "frozen=False trains the encoder further: give a fitted detector whose scorer has one, for one group "
                "of features (with several, each has its own)"
            )
        values = self._training_values(X, y)
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        further = self._further(benign_rows, values.shape[1])
        self.middle_ = _middle(np.concatenate([values, further]))
        examples = self._examples(values, labels, further)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        plain = examples.first(len(self.features_))
        novelty, references = Novelty.fit(plain, seed=seed)
        head, held_out = kind.fit(examples, seed=seed)
        if held_out is None:
            held_out = held_out_proba(kind, examples, seed=seed)
        own = np.full(len(examples.y), -1)
        own[references] = np.arange(len(references))
        self.head_, self.novelty_ = head, novelty
        scores = novelty.score(plain.x, held_out, own=own)
        self.unknown_threshold_ = class_quantile(scores, examples.y, 1 - self.unknown_share)
        self.learnt_from_ = LearntFrom(
            labelled=tuple(int(n) for n in np.bincount(examples.y, minlength=examples.n_classes)),
            benign=len(further),
            held_out=int(np.isfinite(scores).sum()),
        )
        return self

    def predict_proba(self, X: Table) -> Floats:
        """Give each class's probability; shape `(n, n_classes)`, columns in the order of `classes_`.

        Raises:
            NotFittedError: Before `fit`.
            SchemaError: Columns that the model needs are missing or not numeric.
            DataError: NaN or infinite values, or null in a polars table.
            ValueError: A NumPy or pandas table that scikit-learn's validation refuses.
        """
        check_is_fitted(self)
        return self.head_.proba(self._seen(self._values(X)))

    def predict(self, X: Table) -> NDArray[Any]:
        """Give the likeliest class of each flow, even where none fits; `name` says so. Raises as `predict_proba`."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def unknown_score(self, X: Table) -> Floats:
        """Say how unlike every labelled flow each flow is: higher = less known. Raises as `predict_proba`."""
        return self._proba_and_unknown_score(X)[1]

    def name(self, X: Table) -> NDArray[np.str_]:
        """Name each flow: its likeliest class as text, or `unknown`. Raises as `predict_proba`."""
        return self.naming(X).name

    def naming(self, X: Table) -> Naming:
        """Name each flow, and say how likely its likeliest class is. Raises as `predict_proba`."""
        proba, score = self._proba_and_unknown_score(X)
        likeliest = np.array([str(name) for name in self.classes_])[proba.argmax(axis=1)]
        return Naming(
            name=np.where(score > self.unknown_threshold_, UNKNOWN, likeliest),
            likeliest=likeliest,
            probability=proba.max(axis=1),
        )

    @property
    def manifest_(self) -> dict[str, Any]:
        """What the model file says about the naming (JSON values)."""
        return naming_manifest(self._parts())

    def save(self, path: str | Path) -> None:
        """Write classifier and detector to one file that holds nothing executable; `ClanDetector.load` reads it too.

        Raises:
            NotFittedError: Before `fit`.
            ConfigError: Classes that are neither text nor numbers.
            OSError: The file cannot be written.
        """
        to_file(path, self._parts())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file that `save` or `clan finetune` wrote; needs no torch.

        Raises:
            ModelFileError: The file is missing, damaged, foreign, or holds no classifier.
        """
        return cls.of(from_file(path))

    @classmethod
    def of(cls, stored: Named) -> Self:
        """Put a classifier together from the parts that a file held."""
        classifier = cls(stored.detector, head=stored.head_name, **stored.settings)
        classifier.head_, classifier.novelty_ = stored.head, stored.novelty
        classifier.classes_, classifier.unknown_threshold_ = stored.classes, stored.unknown_threshold
        classifier.features_, classifier.columns_ = stored.features, stored.columns
        classifier.learnt_from_, classifier.middle_ = stored.learnt_from, stored.middle
        classifier.n_features_in_ = stored.n_inputs
        if stored.input_names is not None:
            classifier.feature_names_in_ = np.array(stored.input_names, dtype=object)
        return classifier

    def _parts(self) -> Named:
        """What goes into a file."""
        check_is_fitted(self)
        return Named(
            detector=self.detector,
            head_name=self.head or ("trees" if self.frozen else "linear"),
            head=self.head_,
            novelty=self.novelty_,
            classes=self.classes_,
            features=self.features_,
            columns=self.columns_,
            n_inputs=self.n_features_in_,
            input_names=_names(self),
            unknown_threshold=self.unknown_threshold_,
            learnt_from=self.learnt_from_,
            middle=self.middle_,
            settings={"frozen": self.frozen, "benign": self.benign, "unknown_share": self.unknown_share},
        )

    def _training_values(self, X: Table, y: ArrayLike) -> Floats:
        """Read the labelled table, and remember its columns as scikit-learn does."""
        if y is None:
            raise DataError("requires y to be passed, but the target y is None: give the class of each flow")
        if self.detector is not None:
            check_is_fitted(self.detector)
            self.features_: tuple[Feature, ...] = self.detector.features_
            self.columns_: tuple[int, ...] = self.detector.record_.columns
            self.n_features_in_ = self.detector.n_features_in_
            if (names := _names(self.detector)) is not None:
                self.feature_names_in_ = np.array(names, dtype=object)
            return self._values(X)
        if columns.is_frame(X):
            rows = rows_of_frame(columns.collect(X), drop_zero_columns=False)
            self.n_features_in_ = rows.n_inputs
            self.feature_names_in_ = np.array(rows.input_names, dtype=object)
        else:
            values = read_array(self, X, y=y, reset=True)
            rows = rows_of_array(values, _names(self), drop_zero_columns=False)
        self.features_, self.columns_ = rows.features, rows.columns
        return rows.values

    def _further(self, benign_rows: Table | None, n_features: int) -> Floats:
        """Read the rows that are benign without a label; none of them is as good as no table."""
        if benign_rows is None or (not columns.is_frame(benign_rows) and not len(np.asarray(benign_rows))):
            return np.empty((0, n_features))
        return self._values(benign_rows)

    def _values(self, X: Table) -> Floats:
        """Read the model's columns of a table; shape `(n, n_features)`."""
        if columns.is_frame(X):
            return columns.numbers(columns.collect(X), self.features_, what="the table to name")
        return read_array(self, X, reset=False)[:, list(self.columns_)]

    def _seen(self, values: Floats) -> Array:
        """What the head looks at: signed-log columns, then the embedding or the scaled ones where it uses them."""
        x = signed_log(values).astype(np.float32)
        np.copyto(x, self.middle_, where=np.isnan(x))
        if self.detector is None:
            return x
        model, further = self.detector.model_, []
        if head_class(self.head, frozen=self.frozen).uses_embedding:
            further = [model.embed(values)]
        elif not self.frozen:
            further = [model.transform(values)]
        return np.concatenate([x, *further], axis=1)

    def _examples(self, values: Floats, labels: NDArray[Any], further: Floats) -> Examples:
        """Number the classes."""
        if len(labels) != len(values):
            raise DataError(f"expected one label for each of {len(values):,} flows, found {len(labels):,}")
        classes = np.unique(labels)
        benign = next((name for name in classes if str(name).lower() == self.benign.lower()), None)
        if benign is None and len(further):
            benign = self.benign
            classes = np.unique(np.append(classes, benign))
        if len(classes) < 2:
            raise DataError(f"naming needs two classes or more, found one class: {str(classes[0])!r}")
        if UNKNOWN in {str(name) for name in classes}:
            raise DataError(
                f"a class is called {UNKNOWN!r}, which is what `name` says of flows that fit no class; "
                "give the class another name, or leave its flows out"
            )
        self.classes_ = classes
        return Examples(
            x=self._seen(values),
            y=np.searchsorted(classes, labels),
            n_classes=len(classes),
            benign=self._seen(further),
            benign_class=None if benign is None else int(np.searchsorted(classes, benign)),
            encoder=None if self.frozen or self.detector is None else self.detector.model_.encoder,
        )

    def _proba_and_unknown_score(self, X: Table) -> tuple[Floats, Floats]:
        check_is_fitted(self)
        seen = self._seen(self._values(X))
        proba = self.head_.proba(seen)
        return proba, self.novelty_.score(seen[:, : len(self.features_)], proba)


def _middle(values: Floats) -> Array:
    """Median of the known values of each column, signed-log; 0 where none is known."""
    x = signed_log(values)
    known = ~np.isnan(x)
    middle = np.zeros(x.shape[1], dtype=np.float32)
    for column in np.flatnonzero(known.any(axis=0)):
        middle[column] = np.median(x[known[:, column], column])
    return middle


def _names(estimator: BaseEstimator) -> tuple[str, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)
