"""What is asked of the control of a plant: to read, or to change something.

Modbus/TCP (port 502; Modbus Application Protocol V1.1b3), S7comm in ISO transport (RFC 1006), DNP3 (IEEE 1815),
IEC 60870-5-104 (port 2404), and CIP in EtherNet/IP (port 44818; ODVA, The CIP Networks Library, volumes 1 and 2).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.packet import TCP
from clan.flows.payload.layout import CONTROL_COMMANDS, CONTROL_READS, CONTROL_REFUSALS, IS_CONTROL
from clan.flows.wire import u16

MAX_MESSAGES: Final = 32
MAX_ITEMS: Final = 4
NONE: Final = -1
"""No message stands there."""
OTHER: Final = 0
READ: Final = 1
COMMAND: Final = 2
REFUSAL: Final = 3

_S7_PORT: Final = 102
_MODBUS_PORT: Final = 502
_IEC104_PORT: Final = 2404
_CIP_PORT: Final = 44818
_CIP_HEADER: Final = 24
_CIP_ITEMS: Final = 8


@kernel
def describe_control(data: Any, note: Any, row: Any) -> None:
    """Fill the columns of control protocols, where the flow speaks one."""
    if note.protocol == TCP or note.ports[0] == 20000 or note.ports[1] == 20000:
        for way in range(2):
            count_messages(data[way], way, note, row)


@kernel
def count_messages(data: Any, way: Int, note: Any, row: Any) -> None:
    """Count the messages of a direction by what they ask for."""
    have, at = np.int64(note.have[way]), np.int64(0)
    for _ in range(MAX_MESSAGES):
        size, asks = message_at(data, at, have, note)
        if size == NONE:
            break
        if row[IS_CONTROL] != 1:
            row[IS_CONTROL] = 1
            row[CONTROL_READS] = row[CONTROL_COMMANDS] = row[CONTROL_REFUSALS] = 0
        if way == 0:
            row[CONTROL_READS] += asks == READ
            row[CONTROL_COMMANDS] += asks == COMMAND
        else:
            row[CONTROL_REFUSALS] += asks == REFUSAL
        at += size


@kernel
def message_at(data: Any, at: Int, have: Int, note: Any) -> tuple[Int, Int]:
    """Read the message at a place.

    Returns:
        Its size in bytes, > 0, and what it asks for; (NONE, OTHER) where there is none.
    """
    if at + 8 > have:
        return NONE, OTHER
    if data[at] == 3 and data[at + 1] == 0:
        return s7comm(data, at, have, note)
    if data[at] == 0x05 and data[at + 1] == 0x64:
        return dnp3(data, at, have)
    if has_port(note, _MODBUS_PORT):
        return modbus(data, at)
    if has_port(note, _IEC104_PORT):
        return iec104(data, at)
    if has_port(note, _CIP_PORT):
        return cip(data, at, have)
    return NONE, OTHER


@kernel
def has_port(note: Any, port: Int) -> bool:
    """Tell whether a flow has a port on either side."""
    return note.ports[0] == port or note.ports[1] == port


@kernel
def modbus(data: Any, at: Int) -> tuple[Int, Int]:
    """Read a Modbus/TCP message: identifier, protocol 0, length, unit, function."""
    size = u16(data, at + 4)
    if u16(data, at + 2) != 0 or not 2 <= size <= 254:
        return NONE, OTHER
    function = np.int64(data[at + 7])
    asks = OTHER
    if function & 0x80:
        asks = REFUSAL
    elif function in (1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43):
        asks = READ
    elif function in (5, 6, 8, 15, 16, 21, 22, 23, 90):
        asks = COMMAND
    return 6 + size, asks


@kernel
def s7comm(data: Any, at: Int, have: Int, note: Any) -> tuple[Int, Int]:
    """Read an S7comm message in a data unit of ISO transport; what opens that on its own port asks for nothing."""
    size, header = u16(data, at + 2), at + 5 + np.int64(data[at + 4])
    if size < 7 or header > at + size or not 0x10 <= data[at + 5] <= 0xF0:
        return NONE, OTHER
    if data[at + 5] != 0xF0:
        return size if has_port(note, _S7_PORT) and data[at + 5] in (0xD0, 0xE0) else NONE, OTHER
    if header + 11 > have or data[header] != 0x32:
        return NONE, OTHER
    kind = data[header + 1]
    if kind in (2, 3):
        return size, REFUSAL if data[header + 10] != 0 else OTHER
    function = np.int64(data[header + 10])
    if kind != 1:
        return size, OTHER
    if function in (0x04, 0x1D, 0x1E, 0x1F):
        return size, READ
    return size, COMMAND if function in (0x05, 0x1A, 0x1B, 0x1C, 0x28, 0x29) else OTHER


@kernel
def dnp3(data: Any, at: Int, have: Int) -> tuple[Int, Int]:
    """Read a DNP3 frame; what it asks for stands behind the transport byte, where it carries a message."""
    inside = np.int64(data[at + 2]) - 5
    if inside < 0:
        return NONE, OTHER
    size = 10 + inside + 2 * ((inside + 15) // 16)
    if inside < 3 or at + 13 > have or not data[at + 10] & 0x40:  # the first piece of a message
        return size, OTHER
    function = np.int64(data[at + 12])
    if function == 1:
        return size, READ
    return size, COMMAND if 2 <= function <= 31 else OTHER


@kernel
def iec104(data: Any, at: Int) -> tuple[Int, Int]:
    """Read an IEC 104 unit: start, length, control, and the type where it carries information."""
    size = np.int64(data[at + 1])
    if data[at] != 0x68 or not 4 <= size <= 253:
        return NONE, OTHER
    if data[at + 2] & 1 == 1 or size < 6:  # no information in it
        return 2 + size, OTHER
    kind = np.int64(data[at + 6])
    if 100 <= kind <= 102:
        return 2 + size, READ
    return 2 + size, COMMAND if 45 <= kind <= 64 or 103 <= kind <= 113 else OTHER


@kernel
def cip(data: Any, at: Int, have: Int) -> tuple[Int, Int]:
    """Read a message of EtherNet/IP; what it asks for is the service of the CIP message in its last item, if any."""
    command, size = little(data, at), little(data, at + 2)
    if command > 0xC8:
        return NONE, OTHER
    whole, item = _CIP_HEADER + size, at + _CIP_HEADER + _CIP_ITEMS
    if command not in (0x6F, 0x70):
        return whole, OTHER
    for _ in range(MAX_ITEMS):
        if item + 7 > min(have, at + whole):
            break
        kind = little(data, item)
        if kind in (0xB1, 0xB2):  # connected messages have a number in front
            return whole, service(np.int64(data[item + (6 if kind == 0xB1 else 4)]))
        item += 4 + little(data, item + 2)
    return whole, OTHER


@kernel
def little(data: Any, at: Int) -> Int:
    """Read two bytes, the low one first; the caller has checked that they are there."""
    return np.int64(data[at]) | np.int64(data[at + 1]) << 8


@kernel
def service(code: Int) -> Int:
    """Sort the services of CIP; answers have the highest bit."""
    if code in (0x01, 0x03, 0x0E, 0x4C, 0x52, 0x55):
        return READ
    return COMMAND if code in (0x02, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10, 0x4B, 0x4D, 0x4E, 0x53) else OTHER
