"""TLS records behind the handshake: alerts, and heartbeats that claim too much."""

from __future__ import annotations

import struct

import pytest
from tests.flows.payload.speech import heard, over_tcp, told
from tests.flows.payload.test_tls import CLIENT, record, server_hello

ALERT = record(b"\x02\x28", 21)


def heartbeat(claimed: int, carried: int, *, kind: int = 1) -> bytes:
    return record(struct.pack(">BH", kind, claimed) + bytes(carried), 24)


def counted(*said: tuple[int, bytes]) -> tuple[float, ...]:
    row = told(heard(over_tcp(said, port=443)), "tls_")
    return row["alerts"], row["heartbeats"], row["heartbeat_excess"]


def test_alerts_of_both_directions() -> None:
    assert counted((0, CLIENT + ALERT), (1, record(server_hello()) + ALERT + ALERT)) == (3, 0, 0)


@pytest.mark.parametrize(("claimed", "excess"), [(16_384, 16_384 - 16), (16, 0), (0, 0)])
def test_a_heartbeat_that_says_to_be_longer_than_it_is(claimed: int, excess: int) -> None:
    assert counted((0, CLIENT + heartbeat(claimed, 16))) == (0, 1, excess)
    assert counted((1, heartbeat(claimed, 16))) == (0, 1, excess)


def test_what_is_encrypted_is_counted_and_not_read() -> None:
    assert counted((0, CLIENT + record(b"\x01", 20) + heartbeat(16_384, 16))) == (0, 1, 0)
    assert counted((0, CLIENT + heartbeat(16_384, 16, kind=9))) == (0, 1, 0)


def test_the_chain_ends_where_no_record_stands() -> None:
    assert counted((0, CLIENT + b"junk!" + ALERT)) == (0, 0, 0)
    assert counted((0, CLIENT + heartbeat(9, 0)[:6])) == (0, 1, 0)
    assert counted((0, CLIENT + record(bytes(2000), 23) + ALERT)) == (0, 0, 0)
    too_long = b"\x16\x03\x01\xff\xff" + bytes(100)
    assert told(heard(over_tcp([(0, too_long)], port=443)), "tls_") == {}
