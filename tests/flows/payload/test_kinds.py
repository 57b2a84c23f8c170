"""What is spoken, and whether it is at home on its port."""

from __future__ import annotations

import pytest
from tests.flows.payload import test_dns, test_http, test_tls
from tests.flows.payload.speech import heard, over_tcp, over_udp, told

SSH, SMB = b"SSH-2.0-OpenSSH_9.6\r\n", b"\0\0\0\x40\xfeSMB" + bytes(60)
RPC = b"\x05\0\x0b\x03\x10\0\0\0\x48\0" + bytes(62)
SPOKEN = {
    "http": (test_http.REQUEST, 80),
    "tls": (test_tls.CLIENT, 443),
    "ssh": (SSH, 22),
    "smb": (SMB, 445),
    "dns": (len(test_dns.QUERY).to_bytes(2) + test_dns.QUERY, 53),
    "control": (b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x01", 502),
}


def kinds(row: dict[str, float | None]) -> set[str]:
    return {name for name, value in told(row, "payload_is_").items() if value}


@pytest.mark.parametrize("what", SPOKEN)
def test_each_at_home(what: str) -> None:
    data, port = SPOKEN[what]
    for way in (0, 1):
        row = heard(over_tcp([(way, data)], port=port))
        assert kinds(row) == {what}
        assert row["payload_odd_port"] == 0
        assert row["payload_odd_protocol"] in (0, None)


@pytest.mark.parametrize("what", ["http", "tls", "ssh", "smb"])
def test_each_elsewhere(what: str) -> None:
    row = heard(over_tcp([(0, SPOKEN[what][0])], port=31_337))
    assert kinds(row) == {what}
    assert (row["payload_odd_port"], row["payload_odd_protocol"]) == (1, None)


def test_dce_rpc_is_at_home_on_any_port() -> None:
    for port in (135, 49_668):
        row = heard(over_tcp([(0, RPC)], port=port))
        assert (kinds(row), row["payload_odd_port"]) == ({"rpc"}, 0)


@pytest.mark.parametrize(
    ("port", "data", "odd"),
    [
        (80, SSH, 1), (443, test_http.REQUEST, 1), (443, b"\0" * 50, 1), (22, b"\0" * 50, 1), (445, SSH, 1),
        (25, b"EHLO a\r\n", 0), (25, bytes(range(128, 228)), 1), (25, test_tls.CLIENT, 0), (21, b"USER x\r\n", 0),
        (80, test_tls.CLIENT, 0), (8080, SSH, None), (9999, b"\0" * 50, None),
    ],
)  # fmt: skip
def test_ports_that_belong_to_a_protocol(port: int, data: bytes, odd: float | None) -> None:
    assert heard(over_tcp([(0, data)], port=port))["payload_odd_protocol"] == odd


def test_datagrams() -> None:
    assert heard(over_udp([(0, b"\0" * 5)]))["payload_odd_protocol"] == 1
    assert heard(over_udp([(0, b"\0" * 50)], port=443))["payload_odd_protocol"] is None
    row = heard(over_udp([(0, test_dns.QUERY)], port=4444))
    assert (row["payload_is_dns"], row["payload_odd_port"]) == (1, 1)


def test_without_payload_nothing_is_told() -> None:
    assert told(heard(over_udp([(0, b"")])), "payload_is_") == {}
