"""What the fuzzers start from and what they found, replayed compiled: no crash, and every promise kept."""

from __future__ import annotations

import random
from pathlib import Path

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
        data = bytearray(rng.choice(start))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            action = rng.randrange(4)
            if action == 0:
                data[at] = rng.randrange(256)
            elif action == 1:
                data[at] ^= 1 << rng.randrange(8)
            elif action == 2 and len(data) > 60:
                del data[at : at + rng.randint(1, 20)]
            else:
                data[at:at] = data[at : at + rng.randint(1, 20)]
        refused += read_bytes(bytes(data)) is None
    assert 0 < refused < 2900
