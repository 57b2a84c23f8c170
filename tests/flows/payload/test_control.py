"""What is asked of the control of a plant."""

from __future__ import annotations

import struct

import pytest
from tests.flows.payload.speech import heard, over_tcp, over_udp, told


def modbus(function: int, body: bytes = b"\0\0\0\x01") -> bytes:
    return struct.pack(">HHHBB", 1, 0, 2 + len(body), 1, function) + body


def s7(kind: int, function: int, *, error: int = 0) -> bytes:
    header = struct.pack(">BBHHHH", 0x32, kind, 0, 1, 2, 0) + (bytes([error, 0]) if kind in (2, 3) else b"")
    data = b"\x02\xf0\x80" + header + bytes([function, 0])
    return struct.pack(">BBH", 3, 0, 4 + len(data)) + data


def dnp3(function: int) -> bytes:
    return b"\x05\x64\x08\xc4\x01\0\x02\0\0\0" + bytes([0xC0, 0xC0, function]) + bytes(2)


def iec104(kind: int) -> bytes:
    return b"\x68\x0e\0\0\0\0" + bytes([kind]) + bytes(9)


def cip(code: int, *, connected: bool = False, command: int = 0x6F) -> bytes:
    message = (b"\x01\0" if connected else b"") + bytes([code, 2, 0x20, 1, 0x24, 1])
    items = struct.pack("<HHHH", 2, 0, 0, 0xB1 if connected else 0xB2) + struct.pack("<H", len(message)) + message
    body = bytes(6) + items[:6] + items[6:]
    return struct.pack("<HHII8sI", command, len(body), 0, 0, bytes(8), 0) + body


S7_OPEN = b"\x03\0\0\x16\x11\xe0" + bytes(16)
READ, COMMAND, OTHER = (1, 0), (0, 1), (0, 0)
REQUESTS = [
    (502, modbus(3), READ), (502, modbus(5), COMMAND), (502, modbus(16), COMMAND), (502, modbus(100), OTHER),
    (102, s7(1, 4), READ), (102, s7(1, 5), COMMAND), (102, s7(1, 0x29), COMMAND), (102, s7(1, 0xF0), OTHER),
    (102, S7_OPEN + s7(1, 0x28), COMMAND), (1102, s7(7, 0), OTHER),
    (20_000, dnp3(1), READ), (20_000, dnp3(5), COMMAND), (20_000, dnp3(13), COMMAND), (20_000, dnp3(129), OTHER),
    (2404, iec104(100), READ), (2404, iec104(45), COMMAND), (2404, iec104(13), OTHER),
    (2404, b"\x68\x04\x07\0\0\0" + iec104(46), COMMAND),
    (44_818, cip(0x4C), READ), (44_818, cip(0x05), COMMAND), (44_818, cip(0x4D, connected=True, command=0x70), COMMAND),
    (44_818, cip(0xCC), OTHER), (44_818, struct.pack("<HH", 0x65, 4) + bytes(24), OTHER),
]  # fmt: skip


def spoken(*said: tuple[int, bytes], port: int) -> dict[str, float]:
    return told(heard(over_tcp(said, port=port)), "control_")


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_requests(number: int) -> None:
    port, data, (reads, commands) = REQUESTS[number]
    assert spoken((0, data), port=port) == {"reads": reads, "commands": commands, "refusals": 0}
    several = spoken((0, data * 3), port=port)
    assert several["reads"] == 3 * reads


def test_refusals_of_the_other_side() -> None:
    assert spoken((0, modbus(3) + modbus(5)), (1, modbus(0x83, b"\x02") * 2), port=502) == {
        "reads": 1, "commands": 1, "refusals": 2
    }  # fmt: skip
    assert spoken((0, s7(1, 5)), (1, s7(3, 5, error=0x81)), port=102)["refusals"] == 1
    assert spoken((0, s7(1, 5)), (1, s7(3, 5)), port=102)["refusals"] == 0


def test_datagrams() -> None:
    assert told(heard(over_udp([(0, dnp3(2))], port=20_000)), "control_")["commands"] == 1


@pytest.mark.parametrize(
    ("port", "data"),
    [
        (502, b"\0\x01\0\x01\0\x06\x01\x03" + bytes(9)), (502, modbus(3)[:7]), (503, modbus(3)),
        (102, b"\x03\0\0\x07\x02\xf0\x80" + bytes(9)), (3389, S7_OPEN), (2404, b"\x68\x01" + bytes(9)),
        (44_818, b"\xff" * 40), (20_000, b"\x05\x64\x01" + bytes(9)), (80, bytes(40)),
    ],
)  # fmt: skip
def test_what_is_none_of_them(port: int, data: bytes) -> None:
    assert spoken((0, data), port=port) == {}


def test_more_messages_than_are_looked_at() -> None:
    assert spoken((0, modbus(3) * 80), port=502)["reads"] == 32
