"""Seeds, mutated ones and what the fuzzer of exports found, compiled: flows or an error of clan, nothing lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.fuzz.export_target import read_exports, seeds
from tests.fuzz.mutate import mutate

FOUND = sorted((Path(__file__).parent / "found_exports").glob("*"))


def test_seeds_give_flows() -> None:
    given = [read_exports(data) for data in seeds()]
    assert sum(flows is not None for flows in given) >= len(given) - 1  # options alone are no flows


def test_what_was_found_stays_fixed() -> None:
    for path in FOUND:
        read_exports(path.read_bytes())


@pytest.mark.filterwarnings("error")
def test_mutated_seeds_keep_the_promises() -> None:
    rng, start = random.Random(7), seeds()
    refused = sum(read_exports(mutate(rng, start[i % len(start)])) is None for i in range(300))
    assert 0 < refused < 300
