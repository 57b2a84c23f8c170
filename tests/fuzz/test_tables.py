"""Seeds, mutated ones and what the fuzzer of tables found, compiled: flows or an error of clan, every line counted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.fuzz.mutate import mutate
from tests.fuzz.table_target import read_table, seeds

FOUND = sorted((Path(__file__).parent / "found_tables").glob("*"))


def test_seeds_give_flows() -> None:
    for data in seeds():
        assert any(read_table(data + more) is not None for more in (b"", b"\n")), data[:80]


def test_what_was_found_stays_fixed() -> None:
    for path in FOUND:
        read_table(path.read_bytes())


@pytest.mark.filterwarnings("error")
def test_mutated_seeds_keep_the_promises() -> None:
    rng, start = random.Random(7), seeds()
    refused = sum(read_table(mutate(rng, start[i % len(start)])) is None for i in range(300))
    assert 0 < refused < 300
