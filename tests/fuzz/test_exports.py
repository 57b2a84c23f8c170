"""Seeds, mutated ones and what the fuzzer of records found, compiled: flows or an error of clan, every line counted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.fuzz.export_target import read_records, seeds

FOUND = sorted((Path(__file__).parent / "found_exports").glob("*"))


def test_seeds_give_flows() -> None:
    given = [read_records(data) for data in seeds()]
    assert sum(flows is not None for flows in given) >= len(given) - 1  # options alone are no flows


def test_what_was_found_stays_fixed() -> None:
    for path in FOUND:
        read_records(path.read_bytes())


@pytest.mark.filterwarnings("error")
def test_mutated_seeds_keep_the_promises() -> None:
    rng, start = random.Random(7), seeds()
    refused = 0
    for i in range(400):
        data = bytearray(start[i % len(start)])
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(1, len(data))
            action = rng.randrange(4)
            if action == 0:
                data[at] = rng.choice([0, 1, 10, 13, 34, 44, 59, 0x7F, 0x80, 0xFF, rng.randrange(256)])
            elif action == 1:
                data[at] ^= 1 << rng.randrange(8)
            elif action == 2 and len(data) > 20:
                del data[at : at + rng.randint(1, 20)]
            else:
                data[at:at] = data[at : at + rng.randint(1, 20)]
        refused += read_records(bytes(data)) is None
    assert 0 < refused < 400
