"""Every rival keeps the contract: finite scores of the right shape, repeatable by seed, high for the odd."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import clan
from clan.errors import ConfigError, UnknownNameError
from clan.evaluate.rivals import RIVALS, rival


def table(seed: int, n: int = 240, shift: float = 0.0) -> pl.DataFrame:
    """Correlated rows around two centres, twelve columns, moved by a shift in odd columns."""
    generator = np.random.default_rng(seed)
    hidden = generator.normal(size=(n, 3)) + 4 * generator.integers(0, 2, size=(n, 1))
    values = hidden @ np.random.default_rng(99).normal(size=(3, 12)) + 0.3 * generator.normal(size=(n, 12))
    values[:, ::2] += shift
    return pl.DataFrame(values, schema=[f"x{i}" for i in range(12)])


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_contract(name: str) -> None:
    train, benign, odd = table(0), table(1, n=60), table(2, n=40, shift=60.0)
    before = train.clone()
    detector = RIVALS[name].make(seed=3, width="common", epochs=3)
    assert detector.fit(train) is detector
    scores = detector.anomaly_score(pl.concat([benign, odd]))
    assert scores.shape == (100,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert train.equals(before)
    again = RIVALS[name].make(seed=3, width="common", epochs=3).fit(train).anomaly_score(pl.concat([benign, odd]))
    assert (again == scores).all()
    order = np.random.default_rng(0).permutation(100)
    assert detector.anomaly_score(pl.concat([benign, odd])[order]) == pytest.approx(scores[order], rel=1e-3, abs=1e-3)
    assert np.median(scores[60:]) > np.median(scores[:60])


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_names_families_and_sources_are_stated(name: str) -> None:
    entry = rival(name)
    assert entry.name == name
    assert entry.family in ("contrastive", "anomaly", "distance", "baseline")
    assert entry.reference
    assert entry.checked


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'simclr'"):
        rival("simcrl")
    with pytest.raises(ConfigError, match="width must be 'common' or 'paper', got 'wide'"):
        rival("isolation_forest").make(width="wide")
    with pytest.raises(ConfigError, match="was not fitted"):
        rival("isolation_forest").make().anomaly_score(table(0))


def test_paper_width_is_that_of_the_paper_preset() -> None:
    assert rival("byol").make(width="paper").settings.width == 1024  # type: ignore[attr-defined]
    assert rival("byol").make(width="paper", epochs=7).settings.epochs == 7  # type: ignore[attr-defined]
    assert rival("byol").make().settings.width == 256  # type: ignore[attr-defined]


def test_the_list_of_rivals_loads_without_torch_and_pyod() -> None:
    code = "import sys, clan.evaluate.rivals; print({'torch', 'pyod'} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


@pytest.mark.parametrize("name", [name for name in sorted(RIVALS) if not name.endswith("+prototypes")])
def test_documentation_has_each_rivals_row(name: str) -> None:
    entry, page = RIVALS[name], Path(clan.__file__).parents[2] / "docs" / "rivals.md"
    if not page.is_file():
        pytest.skip("no checkout: the documents are not installed")
    assert f"| `{name}` | {entry.family} | {entry.reference} | {entry.checked} |" in page.read_text(encoding="utf-8")
