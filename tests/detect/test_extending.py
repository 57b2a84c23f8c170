"""The example of extending works, and the page quotes it to the letter."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.evaluate.contest import write_corrected

from clan.augment import AUGMENTATIONS
from clan.detect import PRESETS, SCORERS, ClanDetector
from clan.errors import ModelFileError
from clan.objectives import OBJECTIVES

ROOT = Path(__file__).parents[2]
REGISTRIES: tuple[dict[str, Any], ...] = (AUGMENTATIONS, OBJECTIVES, SCORERS, PRESETS)


@pytest.fixture
def example() -> Iterator[ModuleType]:
    """The example as a module; what it registers is taken out again."""
    before = [dict(registry) for registry in REGISTRIES]
    spec = importlib.util.spec_from_file_location("extending_example", ROOT / "examples" / "extending.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[spec.name]
        for registry, known in zip(REGISTRIES, before, strict=True):
            registry.clear()
            registry.update(known)


def test_own_parts_are_benchmarked_beside_the_default(example: ModuleType, tmp_path: Path) -> None:
    write_corrected(tmp_path)
    table = example.compare(str(tmp_path), seeds=1, epochs=1, out=str(tmp_path / "runs.csv"))
    assert all(f"| {name} |" in table for name in ("clan", "clan:mine", "clan:farthest"))


def test_own_parts_are_trained_and_kept(example: ModuleType, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(80, 4))
    detector = ClanDetector(preset="mine", epochs=1, fpr=0.1, random_state=0).fit(values)
    detector.save(tmp_path / "mine.clan")
    assert (ClanDetector.load(tmp_path / "mine.clan").anomaly_score(values) == detector.anomaly_score(values)).all()
    del SCORERS["farthest"]
    with pytest.raises(ModelFileError, match="needs the scorer 'farthest', which is not registered"):
        ClanDetector.load(tmp_path / "mine.clan")


def test_the_page_quotes_the_example() -> None:
    page, program = (
        (ROOT / path).read_text(encoding="utf-8") for path in ("docs/extending.md", "examples/extending.py")
    )
    quoted = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(quoted) == 5
    for block in quoted:
        assert block in program
