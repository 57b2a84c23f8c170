"""DNS messages, by hand and as dpkt reads those of real captures."""

from __future__ import annotations

import math
import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path

import dpkt
import pytest
from tests.flows.payload.speech import flows_of, heard, over_tcp, over_udp, told

from clan.sources import read_flows


def wire_name(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def message(name: str, kind: int = 1, *, flags: int = 0x0100, answers: int = 0, tail: bytes = b"") -> bytes:
    """One question, and what follows it."""
    return struct.pack(">6H", 9, flags, 1, answers, 0, 0) + wire_name(name) + struct.pack(">HH", kind, 1) + tail


def entropy(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


QUERY = message("www.Example.org", 16)
ANSWER = message("www.Example.org", 16, flags=0x8183, answers=2, tail=bytes(40))
EXPECTED = {
    "name_length": 15,
    "labels": 3,
    "longest_label": 7,
    "name_entropy": pytest.approx(entropy("wwwexampleorg")),
    "asks_address": 0,
    "asks_name": 0,
    "name_digits": 0,
    "name_unusual": 0,
    "asks_text": 1,
    "asks_other": 0,
    "names_of_domain": 1,
}
OF_QUERY, OF_ANSWER = {"query_size": len(QUERY)}, {"answer_size": len(ANSWER), "answers": 2, "rcode": 3}


def test_query_and_answer() -> None:
    assert told(heard(over_udp([(0, QUERY), (1, ANSWER)])), "dns_") == EXPECTED | OF_QUERY | OF_ANSWER


def test_query_alone_and_answer_alone() -> None:
    assert told(heard(over_udp([(0, QUERY)])), "dns_") == EXPECTED | OF_QUERY
    assert told(heard(over_udp([(1, ANSWER)])), "dns_") == EXPECTED | OF_ANSWER


@pytest.mark.parametrize("port", [53, 5353, 8053])
def test_any_port_and_tcp(port: int) -> None:
    assert told(heard(over_udp([(0, QUERY), (1, ANSWER)], port=port)), "dns_") == EXPECTED | OF_QUERY | OF_ANSWER
    said = [(way, struct.pack(">H", len(data)) + data) for way, data in ((0, QUERY), (1, ANSWER))]
    assert told(heard(over_tcp(said, port=port)), "dns_") == EXPECTED | OF_QUERY | OF_ANSWER


def test_the_root_and_the_longest_name() -> None:
    row = told(heard(over_udp([(0, message("", 2))])), "dns_")
    assert (row["name_length"], row["labels"], row["name_entropy"], row["asks_name"]) == (0, 0, 0, 1)
    name = ".".join(["a" * 63] * 3 + ["b" * 61])
    row = told(heard(over_udp([(0, message(name))])), "dns_")
    assert (row["name_length"], row["labels"], row["longest_label"]) == (253, 4, 63)
    row = told(heard(over_udp([(0, message(".".join("a" * 127)))])), "dns_")
    assert (row["name_length"], row["labels"]) == (253, 127)


def test_digits_and_characters_that_no_usual_name_has() -> None:
    row = told(heard(over_udp([(0, message("a1-b2_3.x\x01y z.org"))])), "dns_")
    assert (row["name_digits"], row["name_unusual"]) == (3, 2)


HEADER = struct.pack(">6H", 9, 0x0100, 1, 0, 0, 0)
UNREADABLE = {
    "a pointer to itself": HEADER + b"\xc0\x0c" + bytes(4),
    "a label that never ends": HEADER + b"\x3fabc",
    "a name without its end": HEADER + b"\x03www" * 20,
    "a name that is too long": HEADER + (b"\x3f" + b"a" * 63) * 5 + bytes(5),
    "no question at all": HEADER,
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_names_that_cannot_be_read_are_unknown(what: str) -> None:
    assert told(heard(over_udp([(0, UNREADABLE[what])])), "dns_") == {"query_size": len(UNREADABLE[what])}
    assert told(heard(over_udp([(0, UNREADABLE[what])], port=9999)), "dns_") == {}


@pytest.mark.parametrize("data", [b"\0" * 11, b"\xff" * 40, b"GET / HTTP/1.1\r\n\r\n", HEADER[:4] + b"\xff" * 30])
def test_other_things_on_the_port(data: bytes) -> None:
    assert told(heard(over_udp([(0, data)])), "dns_") == {}


def test_a_query_that_was_cut_behind_its_name() -> None:
    frame = over_udp([(0, QUERY)])[0]
    row = told(heard([frame._replace(data=frame.data[:-4], wire=len(frame.data))]), "dns_")
    assert row == {k: v for k, v in EXPECTED.items() if not k.startswith("asks")} | OF_QUERY


REAL = "captures/benign/Max-Ferstenberg-DNS-Tunnel-Detector__data__benign__browsing.pcap"


def test_real_queries_as_dpkt_reads_them(test_data: Path) -> None:
    expected: dict[int, dict[str, int]] = {}
    with (test_data / REAL).open("rb") as file:
        for _, data in dpkt.pcap.UniversalReader(file):
            with suppress(dpkt.UnpackError, AttributeError):
                udp = dpkt.ethernet.Ethernet(data).data.data
                dns = dpkt.dns.DNS(udp.data)
                row = expected.setdefault(udp.dport if dns.qr else udp.sport, {})
                name = dns.qd[0].name
                row.setdefault("dns_name_length", len(name))
                row.setdefault("dns_labels", len(name.split(".")))
                if dns.qr:
                    row.setdefault("dns_rcode", dns.rcode)
                    row.setdefault("dns_answers", len(dns.an))
                    row.setdefault("dns_answer_size", len(udp.data))
                else:
                    row.setdefault("dns_query_size", len(udp.data))
    flows = read_flows(test_data / REAL, features=["payload"]).filter(protocol=17)
    assert flows.height == len(expected) > 100
    for row in flows.iter_rows(named=True):
        theirs = expected[row["src_port"]]
        assert {name: row[name] for name in theirs} == theirs


def test_no_name_is_in_any_column() -> None:
    flows, _ = flows_of(over_udp([(0, message("secret.example.org"))]))
    assert b"secret" not in flows.write_csv().encode()
