"""Two recordings are compared by what both hold: classes, and counts of benign flows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.comparison import compare
from lab.errors import LabError


def folder(path: Path, **flows: dict[str, int]) -> Path:
    path.mkdir()
    for name, counts in flows.items():
        (path / f"{name.replace('_', '-')}.json").write_text(json.dumps({"flows": counts}))
    return path


def test_the_same_classes_and_comparable_counts_are_alike(tmp_path: Path) -> None:
    first = folder(tmp_path / "a", alpha_mixed={"benign": 100, "scan": 40}, alpha_benign={"benign": 90})
    second = folder(tmp_path / "b", alpha_mixed={"benign": 80, "scan": 41})
    text, alike = compare(first, second)
    assert alike
    assert "in one of them only: alpha-benign" in text
    assert text.endswith("the same classes, comparable counts\n")


@pytest.mark.parametrize("other", [{"benign": 100}, {"benign": 60, "scan": 40}])
def test_a_missing_class_and_far_fewer_flows_are_not(tmp_path: Path, other: dict[str, int]) -> None:
    first = folder(tmp_path / "a", alpha_mixed={"benign": 100, "scan": 40})
    text, alike = compare(first, folder(tmp_path / "b", alpha_mixed=other))
    assert not alike
    assert "NOT alike" in text


def test_nothing_in_common_is_an_error(tmp_path: Path) -> None:
    first, second = folder(tmp_path / "a", alpha_mixed={}), folder(tmp_path / "b", beta_mixed={})
    with pytest.raises(LabError, match=r"holds alpha-mixed, .* holds beta-mixed"):
        compare(first, second)
