"""What is reported on labelled flows equals slow counts, and what has no label is counted and never guessed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.detect.flow_tables import flow_table

from clan.detect import ClanDetector
from clan.errors import DataError
from clan.evaluate import auroc, evaluate
from clan.sources.tabular import LABEL_COLUMNS


@pytest.fixture(scope="module")
def detector() -> ClanDetector:
    return ClanDetector(fpr=0.05, scorer="feature_prototypes", random_state=0).fit(flow_table(300, seed=0))


@pytest.fixture(scope="module")
def flows() -> pl.DataFrame:
    return flow_table(200, seed=1)


def labels(**names: list[str]) -> pl.DataFrame:
    """Labels by uid."""
    rows: list[dict[str, Any]] = [{"uid": uid, "label": label} for label, uids in names.items() for uid in uids]
    return pl.DataFrame(rows, schema=LABEL_COLUMNS)


def test_figures_are_those_of_slow_counts(detector: ClanDetector, flows: pl.DataFrame) -> None:
    uids = flows["uid"].to_list()
    (found,) = evaluate(detector, flows, labels(scan=uids[:30], flood=uids[30:70]), prevalence=0.01)
    scores = detector.anomaly_score(flows)
    benign, scan = scores[70:], scores[:30]
    assert (found.n_flows, found.n_benign, found.n_unlabelled, found.n_unused_labels) == (200, 130, 0, 0)
    assert found.false_alarms == (benign >= detector.threshold_).sum()
    assert [(each.name, each.n) for each in found.classes] == [("flood", 40), ("scan", 30)]
    result = found.classes[1]
    assert result.auroc == pytest.approx(auroc(benign, scan))
    assert result.recall == pytest.approx(np.mean(scan >= detector.threshold_))
    assert found.fpr is not None
    expected = 0.01 * result.recall / (0.01 * result.recall + 0.99 * found.fpr) if result.recall + found.fpr else None
    assert result.precision == (None if expected is None else pytest.approx(expected))
    assert found.macro_auroc == pytest.approx(np.mean([each.auroc for each in found.classes]))
    assert found.days is not None
    assert found.false_alarms_per_day == pytest.approx(found.false_alarms / found.days)
    assert json.loads(json.dumps(found.as_json()))["classes"][1]["name"] == "scan"


def test_flows_without_a_label_are_left_out_where_benign_ones_are_named(
    detector: ClanDetector, flows: pl.DataFrame
) -> None:
    uids = flows["uid"].to_list()
    (found,) = evaluate(detector, flows, labels(scan=uids[:30], Benign=uids[100:], lost=["nobody"]))
    assert (found.n_flows, found.n_benign, found.n_unlabelled, found.n_unused_labels) == (130, 100, 70, 1)


def test_several_models_are_judged_on_the_same_flows(detector: ClanDetector, flows: pl.DataFrame) -> None:
    lines = labels(scan=flows["uid"].to_list()[:30])
    found = evaluate({"one": detector, "two": detector}, flows, lines)
    assert [each.model for each in found] == ["one", "two"]
    assert found[0].classes == found[1].classes


def test_without_benign_flows_there_is_nothing_to_compare_with(detector: ClanDetector, flows: pl.DataFrame) -> None:
    (found,) = evaluate(detector, flows, labels(scan=flows["uid"].to_list()))
    assert (found.fpr, found.macro_auroc, found.false_alarms_per_day) == (None, None, None)
    assert (found.classes[0].auroc, found.classes[0].precision) == (None, None)
    assert found.macro_recall == found.classes[0].recall


def test_labels_of_other_captures_are_an_error_where_they_name_benign_flows(
    detector: ClanDetector, flows: pl.DataFrame
) -> None:
    with pytest.raises(DataError, match="no flow has a label"):
        evaluate(detector, flows, labels(benign=["nobody"]))
    (found,) = evaluate(detector, flows, labels())
    assert (found.classes, found.macro_recall, found.n_benign) == ((), None, 200)
