"""Logs with bytes changed, lines cut and pieces put in: every record is a flow or counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.record_target import read_records
from tests.sources.suricata import events
from tests.sources.zeek.logs import connections, ndjson, text

ROWS = connections(6)
SEEDS = (
    b"Z" + text(ROWS).encode(),
    b"Z" + ndjson(ROWS).encode(),
    b"E" + events.lines([events.alert(1, "x"), *(events.flow(i) for i in range(4))]).encode(),
    b"E" + events.lines([events.netflow(1), events.netflow(1, back=True), events.netflow(2)]).encode(),
)
SPLICES = (
    b"",
    b"\n",
    b"#",
    b"\t",
    b"{",
    b"}",
    b"\xff",
    b"\x00",
    b"-",
    b"-1",
    b"1e999",
    b"null",
    b'"',
    b"[" * 200,
    b"#fields\tts\n",
)


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_are_read_whole(seed: bytes) -> None:
    flows = read_records(seed)
    assert flows is not None
    assert flows.height in (2, 4, 6)


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(SPLICES)), min_size=1, max_size=4),
)
@settings(max_examples=150)
def test_changed_logs(seed: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    data = seed
    for where, length, splice in changes:
        at = 1 + int(where * (len(data) - 1))
        data = data[:at] + splice + data[at + length :]
    read_records(data)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes(data: bytes) -> None:
    read_records(data)
