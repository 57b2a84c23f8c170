"""TLS handshakes, by hand and as dpkt reads those of real captures."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import dpkt
import polars as pl
import pytest
from tests.flows.payload.speech import heard, over_tcp, told

from clan.sources import read_flows


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body)) + body


def sni(name: bytes) -> bytes:
    return extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def record(body: bytes, kind: int = 22) -> bytes:
    return struct.pack(">BHH", kind, 0x0301, len(body)) + body


def client_hello(ciphers: list[int], extensions: bytes | None, *, session: bytes = bytes(32)) -> bytes:
    body = b"\x03\x03" + bytes(32) + bytes([len(session)]) + session + struct.pack(">H", 2 * len(ciphers))
    body += struct.pack(f">{len(ciphers)}H", *ciphers) + b"\x01\x00"
    return handshake(1, body if extensions is None else body + struct.pack(">H", len(extensions)) + extensions)


def server_hello(extensions: bytes = b"") -> bytes:
    return handshake(
        2, b"\x03\x03" + bytes(32) + b"\0" + b"\x13\x01\0" + struct.pack(">H", len(extensions)) + extensions
    )


def certificates(*sizes: int) -> bytes:
    chain = b"".join(size.to_bytes(3) + bytes(size) for size in sizes)
    return handshake(11, len(chain).to_bytes(3) + chain)


ALPN = extension(16, b"\0\x03\x02h2")
VERSIONS = extension(43, b"\x06\x2a\x2a\x03\x04\x03\x03")
GREASE = extension(0x3A3A, b"")
CLIENT = record(client_hello([0x0A0A, 0x1301, 0x1302, 0xC02F], GREASE + sni(b"a.example") + ALPN + VERSIONS))
OF_CLIENT = {"client_version": 4, "ciphers": 3, "extensions": 3, "sni_length": 9, "alpn": 1}
RECORDS = {"alerts": 0, "heartbeats": 0, "heartbeat_excess": 0}
OF_CLIENT |= RECORDS


def spoken(*said: tuple[int, bytes]) -> dict[str, float]:
    return told(heard(over_tcp(said, port=443)), "tls_")


def test_client_hello() -> None:
    assert spoken((0, CLIENT)) == OF_CLIENT


def test_versions() -> None:
    chosen = extension(43, b"\x03\x04")
    assert spoken((0, CLIENT), (1, record(server_hello(chosen)))) == OF_CLIENT | {"server_version": 4}
    old = spoken((0, record(client_hello([5], None, session=b""))), (1, record(server_hello())))
    assert old == {
        "client_version": 3, "ciphers": 1, "extensions": 0, "sni_length": 0, "alpn": 0, "server_version": 3, **RECORDS
    }  # fmt: skip


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("sizes", [(), (100,), (300, 200), (700, 2000), (1100, 300)])
def test_certificates(apart: bool, sizes: tuple[int, ...]) -> None:
    hello, chain = server_hello(), certificates(*sizes)
    row = spoken((0, CLIENT), (1, record(hello) + record(chain) if apart else record(hello + chain)))
    assert row["certificates_size"] == sum(sizes) + 3 * len(sizes)
    assert row.get("certificate_size") == (sizes[0] if sizes else None)
    assert row.get("certificates") == (None if sizes == (1100, 300) else len(sizes))


def test_a_resumed_session_sends_none() -> None:
    row = spoken((0, CLIENT), (1, record(server_hello()) + record(b"\x01", 20)))
    assert row == OF_CLIENT | {"server_version": 3}


def test_a_hello_that_is_longer_than_what_is_looked_at() -> None:
    padding = extension(21, bytes(1500))
    assert spoken((0, record(client_hello([1, 2], VERSIONS + sni(b"abc") + padding + ALPN)))) == {
        "client_version": 4, "ciphers": 2, "sni_length": 3, **RECORDS
    }  # fmt: skip
    assert spoken((0, record(client_hello([1, 2], padding + sni(b"abc"))))) == {"ciphers": 2} | RECORDS


BROKEN = {
    "a session that is too long": CLIENT[:43] + b"\xff" + CLIENT[44:],
    "an unknown version": CLIENT[:9] + b"\x02" + CLIENT[10:],
    "a short beginning": CLIENT[:40],
    "another record": b"\x17" + CLIENT[1:],
    "other bytes": bytes(200),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_hello(what: str) -> None:
    assert spoken((0, BROKEN[what])).keys() <= RECORDS.keys()


def test_every_cut_of_the_handshake_is_survived() -> None:
    """What is told of a part is told of the whole, or nothing is."""
    answer = record(server_hello()) + record(certificates(50, 60))
    whole = spoken((0, CLIENT), (1, answer))
    for cut in range(1, max(len(CLIENT), len(answer))):
        part = spoken((0, CLIENT[:cut]), (1, answer[:cut]))
        assert part.items() <= whole.items()


REAL = "captures/benign/cisco-mercury__test__data__top_100_fingerprints.pcap"


def test_real_hellos_as_dpkt_reads_them(test_data: Path) -> None:
    flows = read_flows(test_data / REAL, features=["payload"])
    ours = flows.select("src_ip", "src_port", pl.col("^tls_.*$")).rows_by_key(["src_ip", "src_port"], named=True)
    checked = 0
    with (test_data / REAL).open("rb") as file:
        for _, data in dpkt.pcap.UniversalReader(file):
            with suppress(IndexError, dpkt.UnpackError, dpkt.ssl.SSL3Exception, AttributeError):
                ip = dpkt.ethernet.Ethernet(data).data
                records, _ = dpkt.ssl.tls_multi_factory(ip.data.data)
                hello = dpkt.ssl.TLSHandshake(records[0].data).data
                ciphers = [
                    c for c in hello.ciphersuites if not (c.code & 0x0F0F == 0x0A0A and c.code >> 8 == c.code & 255)
                ]
                extensions = [e for e in hello.extensions if not (e[0] & 0x0F0F == 0x0A0A and e[0] >> 8 == e[0] & 255)]
                (row,) = ours[".".join(map(str, ip.src)), ip.data.sport]
                assert row["tls_ciphers"] == len(ciphers)
                assert row["tls_extensions"] == len(extensions)
                assert row["tls_sni_length"] == next((len(e[1]) - 5 for e in extensions if e[0] == 0), 0)
                checked += 1
    assert checked > 50
