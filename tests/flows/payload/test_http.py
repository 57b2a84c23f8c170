"""HTTP/1 requests and responses, by hand and as dpkt reads those of real captures."""

from __future__ import annotations

from pathlib import Path

import dpkt
import pytest
from tests.flows.payload.speech import heard, over_tcp, told

from clan.sources import read_flows

REQUEST = b"POST /a/b?c=d HTTP/1.1\r\nHost: example.org\r\ncontent-LENGTH:  12 \r\n\r\nhello world!"
RESPONSE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 1234567\r\nServer: x\r\nDate: y\r\n\r\n<html>"
OF_REQUEST = {
    "get": 0, "post": 1, "other": 0, "request_line": 22, "uri_length": 8, "uri_entropy": pytest.approx(2.75),
    "request_headers": 2, "request_body": 12, "uri_unusual": 0, "longest_header": 20, "header_unusual": 0,
    "no_host": 0, "no_agent": 1, "host_address": 0,
}  # fmt: skip
OF_RESPONSE = {"status_class": 4, "response_headers": 3, "response_body": 1234567}


def spoken(*said: tuple[int, bytes], size: int = 500) -> dict[str, float]:
    return told(heard(over_tcp(said, size=size)), "http_")


@pytest.mark.parametrize("size", [1, 7, 500])
def test_request_and_response(size: int) -> None:
    assert spoken((0, REQUEST), (1, RESPONSE), size=size) == OF_REQUEST | OF_RESPONSE


def test_one_side_alone() -> None:
    assert spoken((0, REQUEST)) == OF_REQUEST
    assert spoken((1, RESPONSE)) == OF_RESPONSE


@pytest.mark.parametrize(
    ("line", "method"),
    [("GET", "get"), ("HEAD", "get"), ("POST", "post"), ("PUT", "post"), ("DELETE", "other"), ("PROPFIND", "other")],
)
def test_methods(line: str, method: str) -> None:
    row = spoken((0, f"{line} / HTTP/1.0\r\n\r\n".encode()))
    assert {name: row[name] for name in ("get", "post", "other")} == {
        name: float(name == method) for name in ("get", "post", "other")
    }
    assert (row["request_headers"], row["request_body"], row["uri_length"]) == (0, 0, 1)


def test_bodies_whose_length_nobody_tells() -> None:
    chunked = b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert "request_body" not in spoken((0, b"POST / HTTP/1.1" + chunked))
    assert "response_body" not in spoken((1, b"HTTP/1.1 200 OK" + chunked))
    assert "response_body" not in spoken((1, b"HTTP/1.1 200 OK\r\n\r\n"))
    for value in (b"", b"x", b"-1", b"9" * 16, b"9" * 400):
        row = spoken((0, b"POST / HTTP/1.1\r\nContent-Length: " + value + b"\r\n\r\n"))
        assert (row["request_headers"], row.get("request_body")) == (1, None)


def test_line_feeds_alone_end_lines_too() -> None:
    assert spoken((0, REQUEST.replace(b"\r\n", b"\n"))) == OF_REQUEST | {"request_line": 22}


def test_a_path_that_is_longer_than_what_is_looked_at() -> None:
    row = spoken((0, b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\n\r\n"))
    assert (row["request_line"], row["uri_length"], row["get"]) == (1024, 1020, 1)
    assert "request_headers" not in row


def test_headers_that_go_on_behind_what_is_looked_at() -> None:
    row = spoken((0, b"POST / HTTP/1.1\r\nContent-Length: 7\r\nX: " + b"a" * 2000 + b"\r\n\r\n"))
    assert row["request_body"] == 7
    assert "request_headers" not in row
    assert "request_body" not in spoken((0, b"POST / HTTP/1.1\r\nX: " + b"a" * 2000 + b"\r\n\r\n"))


@pytest.mark.parametrize(
    "data",
    [
        b"OPTIONS sip:a@b SIP/2.0\r\n\r\n", b"GET / RTSP/1.0\r\n\r\n", b"HELLO there\r\n", b"GET", b"GET ",
        b" / HTTP/1.1\r\n", b"get / HTTP/1.1\r\n\r\n", b"HTTP/1.1", b"HTTP/1.1 abc", b"\x16\x03\x01" * 20,
        b"G" * 1024, b"GET / HTTP/1.",
    ],
)  # fmt: skip
def test_what_is_no_http(data: bytes) -> None:
    row = spoken((0, data))
    assert row in ({}, {"get": 1, "post": 0, "other": 0})  # a line without its end may yet become a request


def test_every_cut_is_survived() -> None:
    whole = spoken((0, REQUEST), (1, RESPONSE))
    for cut in range(1, len(REQUEST)):
        part = spoken((0, REQUEST[:cut]), (1, RESPONSE[:cut]))
        assert {k for k in part if k != "response_body"} <= set(whole)
        assert all(part[k] == whole[k] for k in part if "headers" in k or k in ("post", "uri_length", "status_class"))


REAL = "captures/benign/CESNET-ipfixprobe__tests__functional__inputs__http.pcap"
METHODS = {"GET": "http_get", "HEAD": "http_get", "POST": "http_post", "PUT": "http_post"}


def test_real_requests_as_dpkt_reads_them(test_data: Path) -> None:
    flows = read_flows(test_data / REAL, features=["payload"])
    ours = {(row["src_ip"], row["src_port"]): row for row in flows.iter_rows(named=True)}
    seen = set()
    with (test_data / REAL).open("rb") as file:
        for _, data in dpkt.pcap.UniversalReader(file):
            ip = dpkt.ethernet.Ethernet(data).data
            body = getattr(ip.data, "data", b"")
            key = (".".join(map(str, ip.src)), ip.data.sport)
            if key in seen or key not in ours or not body:
                continue
            seen.add(key)
            head, end, _ = body.partition(b"\r\n\r\n")
            if not end or len(head) > 1000:
                continue
            request = dpkt.http.Request(head.split(b"\r\n")[0] + b"\r\n\r\n")
            row = ours[key]
            assert row[METHODS.get(request.method, "http_other")] == 1
            assert row["http_uri_length"] == len(request.uri)
            assert row["http_request_headers"] == head.count(b"\r\n")
    assert len(seen) >= 5
