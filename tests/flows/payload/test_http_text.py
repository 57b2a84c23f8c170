"""Characters and header lines of a request that hardly any request has."""

from __future__ import annotations

import pytest
from tests.flows.payload.speech import heard, over_tcp, told


def spoken(request: bytes) -> dict[str, float]:
    return told(heard(over_tcp([(0, request)])), "http_")


def get(target: bytes, *headers: bytes) -> dict[str, float]:
    return spoken(b"\r\n".join([b"GET " + target + b" HTTP/1.1", *headers, b"", b""]))


@pytest.mark.parametrize(
    ("target", "unusual"),
    [
        (b"/a-b_c.d~e?f=g&h=%20i+j:#,;@", 1),  # the blank
        (b"/?id=1'--", 1),
        (b"/?id=1%27%29%20OR(1)", 5),
        (b"/${jndi}", 3),
        (b"/%zz%4", 0),
        (b"/%2e%2e%2F", 0),
        (b"/\xff\x01", 2),
    ],
)
def test_request_targets(target: bytes, unusual: int) -> None:
    assert get(target)["uri_unusual"] == unusual


def test_header_lines() -> None:
    row = get(b"/", b"Host: example.org", b"User-Agent: a (b; c) d/1.0", b"X: ${jndi:ldap://x}|`\xe4")
    assert row["header_unusual"] == 6
    assert row["longest_header"] == len("User-Agent: a (b; c) d/1.0")
    assert (row["no_host"], row["no_agent"], row["host_address"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        (b"10.0.0.1", 1), (b" 192.0.2.7:8080", 1), (b"[2001:db8::1]:80", 1), (b"example.org", 0), (b"1.2.3", 0),
        (b"a.1.2.3", 0), (b"...", 0), (b"", 0),
    ],
)  # fmt: skip
def test_hosts_that_are_addresses(host: bytes, address: int) -> None:
    assert get(b"/", b"Host:" + host)["host_address"] == address


def test_a_request_without_host_and_program() -> None:
    row = get(b"/")
    assert (row["no_host"], row["no_agent"], row["longest_header"]) == (1, 1, 0)
    assert "host_address" not in row


def test_headers_that_go_on_behind_what_is_looked_at() -> None:
    row = spoken(b"GET / HTTP/1.1\r\nHost: a\r\nX: $" + b"a" * 2000 + b"\r\n\r\n")
    assert (row["no_host"], row["longest_header"], row["header_unusual"]) == (0, 7, 1)
    assert "no_agent" not in row


def test_headers_that_were_cut_tell_only_what_was_seen() -> None:
    row = spoken(b"GET / HTTP/1.1\r\nUser-Agent: a\r\nX: $")
    assert row["no_agent"] == 0
    assert {"no_host", "longest_header", "header_unusual"}.isdisjoint(row)
