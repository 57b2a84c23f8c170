"""Labels that come with the data: what is benign, what says nothing, and what is told of the rest."""

from __future__ import annotations

import polars as pl
import pytest

from clan.sources.tabular import LabelledAsAttacks, carried_labels

BENIGN = ["BENIGN", "Benign", " normal", "normal.", "Normal", "0", "flow=From-Normal-V42-Jist", "flow=Normal-V42"]
SILENT = ["Background", "unknown", "", "-", "flow=Background-UDP-Established", "flow=To-Background-CVUT", None]
ATTACKS = ["Malicious", "DoS Hulk", "1", "flow=From-Botnet-V42-TCP", "abnormal"]


def flows(labels: list[str | None]) -> pl.DataFrame:
    uids = [str(i) for i in range(len(labels))]
    return pl.DataFrame({"uid": uids, "label": labels, "label_detail": None}, schema_overrides={"label": pl.String})


@pytest.mark.parametrize("benign_only", [False, True])
def test_flows_that_are_labelled_as_attacks_are_counted_and_left_out_where_asked(benign_only: bool) -> None:
    attacks = LabelledAsAttacks(benign_only=benign_only)
    kept = [attacks.of(flows([*BENIGN, *SILENT, *ATTACKS])), attacks.of(flows(["Malicious", *BENIGN]))]
    assert attacks.n == len(ATTACKS) + 1
    n = 2 * len(BENIGN) + len(SILENT)
    assert sum(batch.height for batch in kept) == n + (0 if benign_only else attacks.n)
    assert attacks.sentence() == (
        f"6 of {n + 6} flows are labelled other than benign, as 'Malicious' (2), '1' (1), 'DoS Hulk' (1), ...; "
        + ("left out" if benign_only else "taken for benign all the same: --benign-only leaves them out")
    )


def test_benign_traffic_deserves_no_word() -> None:
    attacks = LabelledAsAttacks(benign_only=True)
    assert attacks.of(flows([*BENIGN, *SILENT])).height == len([*BENIGN, *SILENT])
    assert attacks.of(pl.DataFrame({"uid": ["a"]})).height == 1
    assert attacks.sentence() is None


def test_labels_of_the_data_have_one_word_for_benign() -> None:
    labels = carried_labels(flows([*BENIGN, *SILENT, "Malicious"]))["label"]
    assert labels.to_list() == ["benign"] * len(BENIGN) + ["Malicious"]
