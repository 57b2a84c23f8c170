"""Inputs that the fuzzer starts from: one small capture of each kind that the builder knows."""

from __future__ import annotations

from pathlib import Path

from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.payload import test_control, test_dns, test_http, test_tls, test_tls_records
from tests.flows.payload.speech import over_tcp, over_udp
from tests.flows.test_links import LINKS
from tests.flows.test_tunnels import NOT_TUNNELS, TUNNELS

_WEB = [(0, test_http.REQUEST), (1, test_http.RESPONSE)]
_CHAIN = test_tls.record(test_tls.server_hello()) + test_tls.record(test_tls.certificates(50, 60))
_TLS = [(0, test_tls.CLIENT), (1, _CHAIN)]
_BEATS = [(0, test_tls.CLIENT + test_tls_records.heartbeat(99, 16)), (1, _CHAIN + test_tls_records.ALERT)]


def payload_seeds() -> list[bytes]:
    """List the inputs of the payload fuzzer: three bytes that choose, then both directions."""
    dns = [(0, test_dns.QUERY), (1, test_dns.ANSWER)]
    with_size = [(way, len(data).to_bytes(2) + data) for way, data in dns]
    made = []
    asked = [
        (2 << 1 | 1, test_control.modbus(5)),
        (3 << 1 | 1, test_control.iec104(45)),
        (5 << 1 | 1, test_control.s7(1, 5)),
    ]
    asked += [(4 << 1 | 1, test_control.cip(5)), (1, test_control.dnp3(5))]
    control = [(choice, [(0, data * 3), (1, data)]) for choice, data in asked]
    for choice, said in ((2, dns), (0, dns), (3, with_size), (1, _WEB), (1, _TLS), (13, _BEATS), *control):
        one, other = said[0][1], said[1][1]
        split = -(-256 * len(one) // (len(one) + len(other)))
        one = one.ljust((len(one) + len(other)) * split // 256, b"\0")
        made.append(bytes([choice, 0, min(split, 255)]) + one + other)
    return made


def seeds() -> list[bytes]:
    """List the inputs: profile letter, then a capture."""
    frames = {name: (link, [Frame(START_US, data)]) for name, (link, data) in LINKS.items()}
    carried = [(name, protocol, body) for name, (protocol, body, _) in TUNNELS.items()]
    carried += [(name, protocol, body) for name, (protocol, body) in NOT_TUNNELS.items()]
    for name, protocol, body in carried:
        packet = build.ethernet(build.ip("192.0.2.1", "192.0.2.2", protocol, body))
        frames[name] = (build.ETHERNET, [Frame(START_US, packet)])
    client, server = "10.0.0.1", "10.0.0.2"
    talk = [
        build.ipv4(client, server, 6, build.tcp(4000, 80, build.SYN)),
        build.ipv4(server, client, 6, build.tcp(80, 4000, build.SYN | build.ACK)),
        build.ipv4(client, server, 6, build.tcp(4000, 80, build.ACK | build.PSH, b"GET /")),
        build.ipv4(server, client, 6, build.tcp(80, 4000, build.FIN | build.ACK)),
        build.ipv4(client, server, 6, build.tcp(4000, 80, build.FIN | build.ACK)),
        build.ipv4(client, server, 6, build.tcp(4000, 80, build.SYN)),
        build.ipv4(client, server, 17, build.udp(5000, 53, b"query")),
        build.ipv6("fd00::1", "fd00::2", 58, build.icmp(128, 0)),
    ]
    gaps = (0, 1, 1_500_000, 6_000_000, 1, 5_000_001, 1, 200_000_000)
    frames["talk"] = (
        build.ETHERNET,
        [Frame(START_US + sum(gaps[: i + 1]), build.ethernet(p)) for i, p in enumerate(talk)],
    )
    spoken = [*over_udp([(0, test_dns.QUERY), (1, test_dns.ANSWER)]), *over_tcp(_WEB), *over_tcp(_TLS, port=443)]
    frames["speech"] = (build.ETHERNET, spoken)
    made = []
    for link, sequence in frames.values():
        made += [b"D" + build.pcap(sequence, link_type=link), b"L" + build.pcap(sequence, link_type=link)]
        made.append(b"D" + build.pcapng(sequence, link_type=link))
    return made


def write_seeds(folder: Path) -> None:
    """Write them where the fuzzer looks."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, data in enumerate(seeds()):
        (folder / f"seed-{i:03}").write_bytes(data)
