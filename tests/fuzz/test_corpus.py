"""What the fuzzers start from and what they found, replayed compiled: no crash, and every promise kept."""

from __future__ import annotations

import random
from pathlib import Path

from tests.fuzz.mutate import mutate
from tests.fuzz.seeds import seeds
from tests.fuzz.target import read_bytes

FOUND = sorted((Path(__file__).parent / "found").glob("*"))


def test_seeds_give_flows() -> None:
    given = [read_bytes(data) for data in seeds()]
    assert sum(flows is not None for flows in given) > len(given) / 2


def test_what_was_found_stays_fixed() -> None:
    for path in FOUND:
        read_bytes(path.read_bytes())


def test_mutated_seeds_keep_the_promises() -> None:
    """Cheap cousin of the real fuzzer: bytes changed, removed and doubled by a seeded generator."""
    rng, start = random.Random(7), seeds()
    refused = 0
    for _ in range(3000):
        refused += read_bytes(mutate(rng, rng.choice(start), first=0)) is None
    assert 0 < refused < 2900
