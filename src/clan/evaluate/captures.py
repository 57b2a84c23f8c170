"""How models do on labelled flows: what `clan evaluate` reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.calibrate.observed_time import observed_days
from clan.detect import ClanDetector
from clan.detect.unknown import UnknownFeatures
from clan.errors import DataError
from clan.evaluate.metrics import alerts_a_day, auprc, auroc, macro, precision_at_prevalence
from clan.sources.tabular import label_flows

BENIGN = "benign"
"""The class of benign flows in a labels file, in any case of letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassResult:
    """How a model does on one class of attacks.

    Attributes:
        name: The class.
        n: Its flows.
        auroc: Against all benign flows, plain; None where there is no benign flow.
        auprc: Average precision against all benign flows; None where there is no benign flow.
        recall: Share of its flows that alert at the model's threshold.
        precision: Share of alerts that would be right, were this class the stated share of all flows; None where
            nothing alerts or there is no benign flow.
    """

    name: str
    n: int
    auroc: float | None
    auprc: float | None
    recall: float
    precision: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """How one model does.

    Attributes:
        model: Its name.
        budget: What was asked of it, in words.
        threshold: Score at or above which a flow alerts.
        n_flows: Flows that were judged.
        n_unlabelled: Flows that no label means, and that were left out because the labels name the benign ones.
        n_benign: Benign flows.
        n_unused_labels: Lines of the labels that mean no flow.
        false_alarms: Benign flows that alert.
        fpr: Their share; None where there is no benign flow.
        expected_fpr: The share that the model's calibration expects.
        days: Days that all flows together cover, where their times tell.
        false_alarms_per_day: At the rate of benign flows seen; None without days.
        classes: Attack classes by name.
        macro_auroc: Plain mean over the classes; None where there is no benign flow or no attack.
        macro_recall: The same of the recall; None where there is no attack.
        prevalence: The stated share of attacks.
        unknown_features: Features that the model learnt and no flow knows: scores are not comparable with its training.
        unknown: The same in words, with what to do; ``""`` where there are none.
    """

    model: str
    budget: str
    threshold: float
    n_flows: int
    n_unlabelled: int
    n_benign: int
    n_unused_labels: int
    false_alarms: int
    fpr: float | None
    expected_fpr: float
    days: float | None
    false_alarms_per_day: float | None
    classes: tuple[ClassResult, ...]
    macro_auroc: float | None
    macro_recall: float | None
    prevalence: float
    unknown_features: tuple[str, ...] = ()
    unknown: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return asdict(self)


def evaluate(
    models: ClanDetector | Mapping[str, ClanDetector],
    flows: pl.DataFrame,
    labels: pl.DataFrame,
    *,
    prevalence: float = 0.001,
) -> list[Evaluation]:
    """Judge models on labelled flows.

    A flow that no line of the labels means is benign, unless the labels name benign flows themselves (class `benign`):
    then it is unlabelled, left out and counted.

    Args:
        models: A fitted detector, or several by name.
        flows: A flow table, cut as the models need it.
        labels: As `clan.sources.tabular.read_labels` gives them.
        prevalence: Share of attacks for which the precision is told, in (0, 1).

    Returns:
        One evaluation a model, in their order.

    Raises:
        DataError: No flow has a label.
        SchemaError: The flows lack columns that a model or the labels need.
    """
    named = {"model": models} if isinstance(models, ClanDetector) else models
    found, unused = label_flows(flows, labels)
    plain = pl.Series([BENIGN]).append(labels["label"].unique()).str.to_lowercase()
    found = pl.select(pl.when(found.str.to_lowercase() == BENIGN).then(pl.lit(BENIGN)).otherwise(found)).to_series()
    n_unlabelled = 0
    if (plain == BENIGN).sum() > 1:  # the labels name benign flows
        n_unlabelled = found.null_count()
        flows, found = flows.filter(found.is_not_null()), found.drop_nulls()
    classes = found.fill_null(BENIGN).to_numpy().astype(str)
    if not len(classes):
        raise DataError("no flow has a label: do the labels belong to these captures?")
    days = observed_days(flows)
    judged = [
        _judge(
            name,
            detector,
            np.asarray(detector.anomaly_score(flows)),
            classes,
            days=days,
            prevalence=prevalence,
            counts={"n_unlabelled": n_unlabelled, "n_unused_labels": unused},
        )
        for name, detector in named.items()
    ]
    unknown = [_unknown(detector, flows) for detector in named.values()]
    return [
        replace(each, unknown_features=of_it.names, unknown=of_it.sentence)
        for each, of_it in zip(judged, unknown, strict=True)
    ]


def _judge(
    name: str,
    detector: ClanDetector,
    scores: NDArray[np.float64],
    classes: NDArray[np.str_],
    *,
    days: float | None,
    prevalence: float,
    counts: Mapping[str, int],
) -> Evaluation:
    benign = scores[classes == BENIGN]
    false_alarms = int((benign >= detector.threshold_).sum())
    fpr = false_alarms / len(benign) if len(benign) else None
    results = tuple(
        _class(str(each), scores[classes == each], benign, detector.threshold_, fpr, prevalence)
        for each in np.unique(classes)
        if each != BENIGN
    )
    known = {each.name: each.auroc for each in results if each.auroc is not None}
    return Evaluation(
        model=name,
        budget=detector.calibration_.budget,
        threshold=detector.threshold_,
        n_flows=len(scores),
        n_benign=len(benign),
        false_alarms=false_alarms,
        fpr=fpr,
        expected_fpr=detector.calibration_.expected_fpr,
        days=days,
        false_alarms_per_day=alerts_a_day(fpr, len(benign) / days) if days and fpr is not None else None,
        classes=results,
        macro_auroc=macro(known) if known else None,
        macro_recall=macro({each.name: each.recall for each in results}) if results else None,
        prevalence=prevalence,
        n_unlabelled=counts["n_unlabelled"],
        n_unused_labels=counts["n_unused_labels"],
    )


def _unknown(detector: ClanDetector, flows: pl.DataFrame) -> UnknownFeatures:
    found = UnknownFeatures(detector.features_, detector.exemplars_)
    found.update(flows)
    return found


def _class(
    name: str,
    attack: NDArray[np.float64],
    benign: NDArray[np.float64],
    threshold: float,
    fpr: float | None,
    prevalence: float,
) -> ClassResult:
    recall = float((attack >= threshold).mean())
    return ClassResult(
        name=name,
        n=len(attack),
        auroc=auroc(benign, attack) if len(benign) else None,
        auprc=auprc(benign, attack) if len(benign) else None,
        recall=recall,
        precision=precision_at_prevalence(recall, fpr, prevalence) if fpr is not None else None,
    )
