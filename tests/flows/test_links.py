"""Every link type that is decoded leads to the same flow."""

from __future__ import annotations

import pytest
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.run import one_flow, verdict_of

IP4 = build.ipv4("10.0.0.1", "10.0.0.2", 6, build.tcp(4000, 443, build.ACK, b"hello"))
IP6 = build.ipv6("fd00::1", "fd00::2", 6, build.tcp(4000, 443, build.ACK, b"hello"))
SNAP = b"\xaa\xaa\x03\0\0\0"
DATA, QOS, TO_DS, WDS, ORDER = b"\x08", b"\x88", b"\x01", b"\x03", b"\x81"
RADIOTAP_PLAIN = b"\0\0\x08\0\0\0\0\0"


def wifi(control: bytes, flags: bytes, extra: bytes, body: bytes) -> bytes:
    return control + flags + bytes(22) + extra + body


LINKS = {
    "802.3 with SNAP": (1, bytes(12) + (len(SNAP + IP4) + 2).to_bytes(2, "big") + SNAP + b"\x08\0" + IP4),
    "mpls": (1, bytes(12) + b"\x88\x47" + b"\0\1\0\x40" + b"\0\2\1\x40" + IP4),
    "mpls multicast, IPv6": (1, bytes(12) + b"\x88\x48" + b"\0\1\1\x40" + IP6),
    "mpls pseudo-wire": (1, bytes(12) + b"\x88\x47" + b"\0\1\1\x40" + bytes(4) + build.ethernet(IP4)),
    "pppoe": (1, bytes(12) + b"\x88\x64" + b"\x11\0\0\1\0\x20" + b"\0\x21" + IP4),
    "pppoe, IPv6, tagged": (1, bytes(12) + b"\x81\0\0\5" + b"\x88\x64" + b"\x11\0\0\1\0\x20" + b"\0\x57" + IP6),
    "ppp, short protocol": (9, b"\xff\x03\x21" + IP4),
    "ppp in hdlc framing": (50, b"\xff\x03\0\x57" + IP6),
    "cisco hdlc in ppp": (50, b"\x0f\0\x08\0" + IP4),
    "cisco hdlc": (104, b"\x0f\0\x08\0" + IP4),
    "cisco hdlc, multicast, IPv6": (104, b"\x8f\0\x86\xdd" + IP6),
    "802.11": (105, wifi(DATA, TO_DS, b"", SNAP + b"\x08\0" + IP4)),
    "802.11, four addresses": (105, wifi(DATA, WDS, bytes(6), SNAP + b"\x08\0" + IP4)),
    "802.11, quality of service": (105, wifi(QOS, TO_DS, bytes(2), SNAP + b"\x86\xdd" + IP6)),
    "802.11, high throughput": (105, wifi(QOS, ORDER, bytes(6), SNAP + b"\x08\0" + IP4)),
    "802.11, aggregated": (105, wifi(QOS, TO_DS, b"\x80\0" + bytes(14), SNAP + b"\x08\0" + IP4)),
    "radiotap": (127, RADIOTAP_PLAIN + wifi(DATA, TO_DS, b"", SNAP + b"\x08\0" + IP4)),
    "radiotap, several bitmaps": (
        127,
        b"\0\0\x10\0\0\0\0\x80\0\0\0\x80\0\0\0\0" + wifi(DATA, TO_DS, b"", SNAP + b"\x08\0" + IP4),
    ),
    "radiotap, padded header": (
        127,
        b"\0\0\x12\0\3\0\0\0" + bytes(8) + b"\x20\0" + wifi(QOS, TO_DS, bytes(4), SNAP + b"\x08\0" + IP4),
    ),
}


@pytest.mark.parametrize("name", LINKS)
def test_the_flow_is_found(name: str) -> None:
    link_type, frame = LINKS[name]
    flow = one_flow([Frame(START_US, frame)], link_type=link_type)
    assert flow["src_ip"] in ("10.0.0.1", "fd00::1")
    assert (flow["dst_port"], flow["fwd_pkt_len_tot"]) == (443, 5)


@pytest.mark.parametrize("name", LINKS)
def test_a_frame_cut_anywhere_gets_one_verdict(name: str) -> None:
    link_type, frame = LINKS[name]
    for size in range(len(frame)):
        verdict = verdict_of(frame[:size], link_type=link_type, wire=len(frame))
        assert verdict in ("truncated_headers", "packets_in_flows", "not_ip"), (size, verdict)


@pytest.mark.parametrize(
    ("name", "link_type", "frame", "verdict"),
    [
        ("encrypted 802.11", 105, wifi(DATA, b"\x41", b"", bytes(60)), "not_ip"),
        ("802.11 beacon", 105, wifi(b"\x80", b"\0", b"", bytes(60)), "not_ip"),
        ("802.11 without data", 105, wifi(b"\x48", b"\0", b"", bytes(60)), "not_ip"),
        ("spanning tree", 1, bytes(12) + b"\0\x26\x42\x42\x03" + bytes(40), "not_ip"),
        ("labels without end", 1, bytes(12) + b"\x88\x47" + bytes(4 * 40), "nested_too_deep"),
        ("radiotap shorter than itself", 127, b"\0\0\x04\0" + bytes(60), "malformed"),
        ("radiotap longer than the frame", 127, b"\0\0\xff\x0f" + bytes(60), "truncated_headers"),
        ("unknown link type", 250, IP4, "unsupported_link_type"),
    ],
)
def test_what_carries_no_ip_is_counted_with_its_reason(name: str, link_type: int, frame: bytes, verdict: str) -> None:
    assert verdict_of(frame, link_type=link_type) == verdict, name
