"""Seeds, mutated ones and what the payload fuzzer found, compiled: no crash, no read behind the bytes, sane numbers."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from tests.fuzz.mutate import mutate
from tests.fuzz.payload_target import digest_bytes
from tests.fuzz.seeds import payload_seeds

from clan.flows.payload.layout import (
    CONTROL_READS,
    DNS_LABELS,
    HTTP_HEADER_UNUSUAL,
    HTTP_METHODS,
    TLS_ALERTS,
    TLS_CIPHERS,
)

FOUND = sorted((Path(__file__).parent / "found_payload").glob("*"))


def test_seeds_reach_every_parser() -> None:
    rows = np.array([digest_bytes(data) for data in payload_seeds()])
    for place in (DNS_LABELS, TLS_CIPHERS, TLS_ALERTS, HTTP_METHODS, HTTP_HEADER_UNUSUAL, CONTROL_READS):
        assert np.isfinite(rows[:, place]).any()


def test_what_was_found_stays_fixed() -> None:
    for path in FOUND:
        digest_bytes(path.read_bytes())


def test_mutated_seeds_keep_the_promises() -> None:
    rng, start = random.Random(7), payload_seeds()
    marks = (0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF)  # lengths and pointers of names
    for _ in range(4000):
        digest_bytes(mutate(rng, rng.choice(start), first=0, marks=marks))
