"""The detector: scikit-learn's verbs around encoder, scorer and budget.

Direction of scores: `anomaly_score` is clan's own and higher means more anomalous. scikit-learn's names keep
scikit-learn's sign, and this is the only file that knows of it: `score_samples = -anomaly_score`,
`decision_function = score_samples - offset_`, negative where a flow alerts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from clan.calibrate import NEVER, Budget
from clan.detect import columns
from clan.detect.arrays import read_array
from clan.detect.cleaning import outlying_rows
from clan.detect.cross_fit import REFIT_INFLATION, cross_fit
from clan.detect.exemplars import choose_exemplars
from clan.detect.manifest import Record, from_file, tensors_of, to_file
from clan.detect.model import score_blocks
from clan.detect.presets import Preset
from clan.detect.quantiles import benign_quantiles
from clan.detect.recipe import recipe_of
from clan.detect.thresholds import calibrate_rows, check_table
from clan.detect.training_rows import TrainingRows, rows_of_array, rows_of_frame, warn_about
from clan.encoder import model_digest, scaler_for_groups
from clan.errors import ConfigError, SchemaError, TrainingWarning
from clan.schema import Feature
from clan.train import TrainProgress

Floats = NDArray[np.float64]
Table = pl.DataFrame | pl.LazyFrame | ArrayLike
"""A flow table (polars, columns of `clan.schema`), or numeric columns as polars, pandas or NumPy."""


class ClanDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Learn what benign flows look like, and flag the others within a false-alarm budget.

    Args:
        alerts_per_day: False alarms a day that are acceptable. Needs flows with times, or `days`.
        fpr: Share of benign flows that may alert, in (0, 1). Without any budget: 0.01, or the smallest rate that the
            training rows support, with a warning.
        fdr: Share of the alerts that may be false, in (0, 1), on top of the budget. It depends on all flows of a run,
            so a `Monitor` keeps it, and `predict` does not (`docs/budget.md`). None: the budget alone decides.
        incidents_per_day: False incidents a day, in place of alerts: alerts grouped by actor, target and time.
        thresholds_by: What flows are grouped by for a threshold each, coarse to fine: names in `clan.calibrate.KEYS`,
            such as ``("protocol", "hour")``. Groups with too few flows share one. Needs flow tables.
        preset: Name in `clan.detect.PRESETS`: ``"default"``, or ``"paper"`` for the published recipe; or a recipe of
            your own (`clan.detect.Preset`), which the model file keeps.
        days: Days in which the training flows were seen, where their times do not tell.
        scorer: Name in `clan.detect.SCORERS`, or several joined by ``+``, in place of the preset's.
        clean: Share of the training rows, the least like the others, that nothing is learnt from, in [0, 0.5). For
            training rows with attacks among them; 0.05 where you suspect some. On clean rows it costs detection
            (`docs/method.md`), so the default is 0. The rows still count for the threshold: the budget holds if they
            are benign, and the threshold is too high if they are not.
        keep_addresses: Whether `exemplars_` keep their addresses; a model file may be given to others.
        epochs: Most epochs to train, in place of the preset's.
        n_folds: Parts that the training rows are held out in, for the threshold. At least 2.
        device: ``"auto"`` (a GPU when present) or a torch device name.
        precision: Of training: ``"auto"`` (the preset's), ``"bfloat16"`` or ``"float32"``.
        random_state: Seed or generator; with the same one, two runs give the same model.

    Attributes:
        features_: The features that the model looks at (`clan.schema.Feature`).
        threshold_: Score at or above which a flow is an alert.
        offset_: The same for scikit-learn's sign: a flow alerts where `score_samples(X) < offset_`. It is minus the
            highest score that does not alert, so that `predict`, `p_value` and `threshold_` agree on every row.
        calibration_: Budget, threshold, and what to expect of them (`clan.calibrate.Calibration`).
        benign_quantiles_: Quantiles of each feature in the training rows at `clan.detect.quantiles.PROBABILITIES`.
            Shape `(n_quantiles, n_features)`.
        exemplars_: Benign training rows that alerts are compared with (`clan.detect.Exemplars`).
        manifest_: What the model file says about the model (JSON values).

    Example:
        >>> benign = np.random.default_rng(0).normal(size=(300, 4))
        >>> detector = ClanDetector(fpr=0.05, epochs=5, random_state=0).fit(benign)
        >>> detector.predict([[50.0, -50.0, 50.0, -50.0]]).tolist()
        [-1]
    """

    def __init__(  # noqa: PLR0913 - an estimator's settings are its constructor's arguments
        self,
        *,
        alerts_per_day: float | None = None,
        fpr: float | None = None,
        fdr: float | None = None,
        incidents_per_day: float | None = None,
        thresholds_by: Sequence[str] = (),
        preset: str | Preset = "default",
        days: float | None = None,
        scorer: str | None = None,
        clean: float = 0.0,
        keep_addresses: bool = False,
        epochs: int | None = None,
        n_folds: int = 5,
        device: str = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.alerts_per_day = alerts_per_day
        self.fpr = fpr
        self.fdr = fdr
        self.incidents_per_day = incidents_per_day
        self.thresholds_by = thresholds_by
        self.preset = preset
        self.days = days
        self.scorer = scorer
        self.clean = clean
        self.keep_addresses = keep_addresses
        self.epochs = epochs
        self.n_folds = n_folds
        self.device = device
        self.precision = precision
        self.random_state = random_state

    def fit(
        self,
        X: Table,
        y: object = None,
        *,
        progress: Callable[[TrainProgress], None] | None = None,
        source: Mapping[str, Any] | None = None,
        n_seen: int | None = None,
    ) -> Self:
        """Learn from benign flows.

        Args:
            X: Benign flows, at least 2.
            y: Ignored; there for scikit-learn.
            progress: Called after each epoch of each of the `n_folds + 1` models.
            source: Where the flows came from, such as ``{"kind": "packets", "settings": {...}}``; JSON values, kept in
                the model file.
            n_seen: How many flows `X` is a uniform sample of (`clan.detect.FlowSample`), for a budget in alerts a day;
                None: all of them.

        Raises:
            DataError: Too few rows for the budget (the message says how many are needed), values that are not
                finite, no usable times for a budget in alerts a day.
            SchemaError: Columns that are missing or not numeric.
            ConfigError: A setting that cannot be.
            TrainingError: The loss is not finite, or the embedding collapsed.
            MissingExtra: torch is not installed and the scorer needs it.
            ValueError: A NumPy or pandas table that scikit-learn's validation refuses.
        """
        budget, recipe = self.budget, recipe_of(self.get_params(deep=False))
        check_table(X, budget, self.thresholds_by)
        rows = self._training_rows(X, recipe)
        recipe = replace(recipe, scaler=scaler_for_groups(recipe.scaler, rows.groups))
        days = self.days if self.days is not None else rows.days
        if days is not None and n_seen is not None:  # a tenth of the flows is what a tenth of the time brings
            days *= len(rows.values) / n_seen
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        folds = rows.folds(self.n_folds, seed=seed)
        held = folds != NEVER
        budget.alpha(int(held.sum()), days and days * float(held.mean()))  # fails before the training, not after
        outlying = outlying_rows(rows.values, self.clean, seed=seed)
        self.model_, scores = cross_fit(
            rows.values, folds, recipe, seed=seed, groups=rows.groups, learn=~outlying, progress=progress
        )
        known = ~np.isnan(scores)
        if not known[held].all():
            message = f"the threshold rests on {known.sum():,} of {len(scores):,} flows: training was interrupted"
            warnings.warn(message, TrainingWarning, stacklevel=2)
        days = days and days * float(known.mean())
        self.calibration_ = calibrate_rows(
            scores, budget, X, streams=rows.streams, days=days, by=self.thresholds_by, inflation=REFIT_INFLATION
        )
        self.benign_quantiles_ = benign_quantiles(rows.values)
        self.exemplars_ = choose_exemplars(
            rows, self.benign_quantiles_, seed=seed, learnt=~outlying, addresses=self.keep_addresses
        )
        self.record_ = Record.of(
            rows,
            recipe=recipe,
            preset=self.preset,
            seed=int(self.random_state) if isinstance(self.random_state, int | np.integer) else seed,
            n_folds=int(folds.max()) + 1,
            source=source or {},
            selection={"rows_seen": n_seen or len(rows.values), "clean": self.clean, "set_aside": int(outlying.sum())},
        )
        warn_about(rows, self.calibration_, budget, seed=seed)
        return self

    def calibrate(
        self,
        X: Table | None = None,
        budget: Budget | None = None,
        *,
        days: float | None = None,
        thresholds_by: Sequence[str] | None = None,
    ) -> Self:
        """Set the threshold anew; nothing is trained.

        With flows that the model did not learn from, one model gives all scores, so the p-values have their guarantee
        (split conformal): a benign flow has a p-value of at most p with probability p or less, averaged over
        calibrations, if it is exchangeable with these flows.

        Args:
            X: New benign flows. None: the scores of the last calibration are kept, and only the budget changes.
            budget: None: as this detector was made with.
            days: Days in which the flows were seen, where their times do not tell.
            thresholds_by: As of the constructor. None: as this detector was made with; without `X` groups stay.

        Raises:
            DataError: The flows, or the scores of the last calibration, cannot support the budget.
            Further errors as `anomaly_score` and `clan.calibrate.calibrate`.
        """
        check_is_fitted(self)
        budget = self.budget if budget is None else budget
        if X is None:
            self.calibration_ = self.calibration_.with_budget(budget)
            return self
        self.thresholds_by = tuple(self.thresholds_by if thresholds_by is None else thresholds_by)
        self.calibration_ = calibrate_rows(self._raw_score(X), budget, X, days=days, by=self.thresholds_by)
        return self

    def anomaly_score(self, X: Table) -> Floats:
        """Score flows: higher = more anomalous; shape `(n,)`, finite.

        With `thresholds_by` the scores of each group are shifted, so that all groups alert from `threshold_` on.

        Raises:
            NotFittedError: Before `fit`.
            SchemaError: Columns that the model needs are missing or not numeric.
            DataError: NaN or infinite values, or null in a polars table that is no flow table.
            ValueError: A NumPy or pandas table that scikit-learn's validation refuses.
        """
        group = self.group(X)
        return self.calibration_.level(self._raw_score(X), group)

    def group(self, X: Table) -> NDArray[np.int64] | None:
        """Find the group of each flow, of `calibration_.groups`; None where there is one threshold only.

        Raises NotFittedError before `fit`, and SchemaError where the table lacks a column that the groups need.
        """
        check_is_fitted(self)
        groups = self.calibration_.groups
        if groups is None:
            return None
        if not columns.is_frame(X):
            raise SchemaError(f"this model has thresholds by {', '.join(groups.by)}, and needs a flow table (polars)")
        return groups.assign(columns.collect(X))

    def _raw_score(self, X: Table) -> Floats:
        """Score flows as the model does, before any levelling."""
        check_is_fitted(self)
        if columns.is_frame(X):
            frame = columns.collect(X)
            columns.check(frame, self.features_, what="the table to score")
            names = [f.name for f in self.features_]
            return score_blocks(lambda start, stop: columns.block(frame, names, start, stop), frame.height, self.model_)
        return self.model_.score(self._values(X))

    def embed(self, X: Table) -> NDArray[np.float32]:
        """Embed flows: directions of length 1, those of each feature group side by side; shape `(n, dim)`.

        Raises ConfigError where the scorer needs no embedding, so that no encoder was trained; else as `anomaly_score`.
        """
        check_is_fitted(self)
        if not self.model_.dim:
            raise ConfigError("this model's scorer needs no embedding, so there is none; choose another scorer")
        return self.model_.embed(self._values(X))

    def _values(self, X: Table) -> Floats:
        """Read the model's columns of a table; shape `(n, n_features)`."""
        if columns.is_frame(X):
            return columns.numbers(columns.collect(X), self.features_, what="the table to score")
        return read_array(self, X, reset=False)[:, list(self.record_.columns)]

    def score_by_group(self, X: pl.DataFrame | pl.LazyFrame) -> dict[str, Floats]:
        """Say what each feature group adds to the raw score, shape `(n,)`; ``"all"`` where they are scored together."""
        check_is_fitted(self)
        parts = self.model_.levelled(self.model_.part_scores(self._values(X)))
        return {name: parts[:, i] for i, name in enumerate(self.model_.parts)}

    def p_value(self, X: Table) -> Floats:
        """Share of benign flows at least as anomalous, in (0, 1]; a flow alerts where it is at most the budget's level.

        Raises as `anomaly_score`.
        """
        return self.score_and_p_value(X)[1]

    def score_and_p_value(self, X: Table) -> tuple[Floats, Floats]:
        """Score flows once and give `(anomaly_score, p_value)`, each of shape `(n,)`."""
        group = self.group(X)
        scores = self.calibration_.level(self._raw_score(X), group)
        return scores, self.calibration_.p_value(scores, group)

    def judge(self, flows: pl.DataFrame) -> pl.DataFrame:
        """Give a table with its scores: `anomaly_score`, `p_value`, `p_extrapolated`, `alert`.

        `p_extrapolated` marks p-values that come from the fitted tail, below what ranks can tell; with `thresholds_by`
        there is `raw_score` too, before levelling.
        """
        group, raw = self.group(flows), self._raw_score(flows)
        score = self.calibration_.level(raw, group)
        p_value = self.calibration_.p_value(score, group)
        return flows.with_columns(
            anomaly_score=score,
            p_value=p_value,
            p_extrapolated=p_value < self.calibration_.lowest_p_value(group),
            alert=score >= self.threshold_,
            **({} if group is None else {"raw_score": raw}),
        )

    def score_samples(self, X: Table) -> Floats:
        """Minus `anomaly_score`, as scikit-learn has it: lower = more anomalous."""
        return -self.anomaly_score(X)

    def decision_function(self, X: Table) -> Floats:
        """`score_samples(X) - offset_`: negative where a flow alerts."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Table) -> NDArray[np.int64]:
        """Decide for each flow: -1 alerts, +1 does not."""
        return np.where(self.anomaly_score(X) >= self.threshold_, -1, 1)

    @property
    def budget(self) -> Budget:
        """What was asked for; raises ConfigError where it contradicts itself."""
        return Budget(**{each: getattr(self, each) for each in ("alerts_per_day", "fpr", "fdr", "incidents_per_day")})

    @property
    def threshold_(self) -> float:
        """Score at or above which a flow is an alert."""
        return self.calibration_.threshold

    @property
    def offset_(self) -> float:
        """Minus the highest score that does not alert."""
        return -self.calibration_.highest_normal

    @property
    def features_(self) -> tuple[Feature, ...]:
        """The features that the model looks at."""
        return self.record_.features

    @property
    def manifest_(self) -> dict[str, Any]:
        """What the model file says about the model."""
        return self.record_.manifest(self.calibration_, self.exemplars_)

    @property
    def model_id_(self) -> str:
        """Twelve digits that name this model: the beginning of its file's SHA-256."""
        tensors = tensors_of(self.model_, self.calibration_, self.benign_quantiles_, self.exemplars_)
        return model_digest(self.manifest_, tensors)[:12]

    def save(self, path: str | Path) -> None:
        """Write the model to one file that holds nothing executable.

        Raises:
            NotFittedError: Before `fit`.
            OSError: The file cannot be written.
        """
        check_is_fitted(self)
        to_file(path, self.manifest_, self.model_, self.calibration_, self.benign_quantiles_, self.exemplars_)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model file; needs no torch.

        Raises:
            ModelFileError: The file is missing, damaged, foreign, newer than this clan, or made for features that mean
                something else here.
        """
        stored = from_file(path)
        detector = cls(**stored.settings)
        detector.model_, detector.calibration_ = stored.model, stored.calibration
        detector.benign_quantiles_, detector.record_ = stored.benign_quantiles, stored.record
        detector.exemplars_ = stored.exemplars
        detector._name_inputs(stored.record.input_names, stored.record.n_inputs)
        return detector

    def _training_rows(self, X: Table, recipe: Preset) -> TrainingRows:
        """Read the training table and remember its columns, as scikit-learn does."""
        if columns.is_frame(X):
            rows = rows_of_frame(columns.collect(X), drop_zero_columns=recipe.drop_zero_columns)
            self._name_inputs(rows.input_names, rows.n_inputs)
            return rows
        values = read_array(self, X, reset=True, min_rows=2)
        names = getattr(self, "feature_names_in_", None)
        return rows_of_array(values, names, drop_zero_columns=recipe.drop_zero_columns)

    def _name_inputs(self, names: tuple[str, ...] | None, n_inputs: int) -> None:
        self.n_features_in_ = n_inputs
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
