"""Which protocol is spoken, by its bytes, and whether it is at home on the flow's ports."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.packet import TCP, UDP
from clan.flows.payload.layout import (
    IS_CONTROL,
    IS_DNS,
    IS_HTTP,
    IS_RPC,
    IS_SMB,
    IS_SSH,
    IS_TLS,
    ODD_PORT,
    ODD_PROTOCOL,
    PRINTABLE,
)

TEXT: Final = 0.9
"""Least share of printable bytes of text."""
OF_NOBODY: Final = -1
OF_TEXT: Final = -2

_HOMES: Final = {
    IS_DNS: (53, 137, 5353, 5355),
    IS_TLS: (443, 465, 563, 636, 853, 989, 990, 993, 994, 995, 3269, 4433, 5061, 5671, 5986, 8443, 8883, 9443),
    IS_HTTP: (80, 81, 591, 631, 2869, 3128, 5357, 5985, 8000, 8008, 8080, 8081, 8088, 8888),
    IS_SSH: (22, 2222),
    IS_SMB: (139, 445),
    IS_CONTROL: (102, 502, 2404, 20_000, 44_818),
}
"""Protocols and their usual ports."""


def homes() -> npt.NDArray[np.int8]:
    """Make the table of ports: the protocol that each is usual for, as its place in a row, or OF_NOBODY."""
    table = np.full(65_536, OF_NOBODY, np.int8)
    for place, ports in _HOMES.items():
        table[list(ports)] = place
    return table


@kernel
def describe_kind(data: Any, note: Any, homes: Any, row: Any) -> None:
    """Fill which protocol is spoken, when the parsers of DNS, TLS, HTTP and control have been asked."""
    if note.have[0] == 0 and note.have[1] == 0:
        return
    if note.protocol == TCP:
        for way in range(2):
            recognise(data[way], np.int64(note.have[way]), row)
    known, home = row[IS_RPC] == 1, row[IS_RPC] == 1
    for place in range(IS_DNS, IS_CONTROL + 1):
        if row[place] != 1:
            row[place] = 0
            continue
        known = True
        home = home or homes[note.ports[0]] == place or homes[note.ports[1]] == place
    if known:
        row[ODD_PORT] = not home
    for side in range(2):
        owner = owner_of(np.int64(note.ports[side]), np.int64(note.protocol))
        if owner != OF_NOBODY:
            row[ODD_PROTOCOL] = not (row[IS_TLS] == 1 or (is_text(row) if owner == OF_TEXT else row[owner] == 1))


@kernel
def recognise(data: Any, have: Int, row: Any) -> None:
    """Note what a direction begins with, of the protocols that nothing else is read of."""
    if begins_ssh(data, have):
        row[IS_SSH] = 1
    elif begins_smb(data, have):
        row[IS_SMB] = 1
    elif begins_rpc(data, have):
        row[IS_RPC] = 1


@kernel
def owner_of(port: Int, protocol: Int) -> Int:
    """Tell whose a port is, so surely that anything else there is odd: a place in a row, OF_TEXT or OF_NOBODY."""
    if protocol == UDP:
        return IS_DNS if port == 53 else OF_NOBODY
    if protocol != TCP:
        return OF_NOBODY
    if port == 443:
        return IS_TLS
    if port == 80:
        return IS_HTTP
    if port == 22:
        return IS_SSH
    if port == 445:
        return IS_SMB
    return OF_TEXT if port in (21, 25, 110, 143) else OF_NOBODY


@kernel
def is_text(row: Any) -> bool:
    """Tell whether each direction is printable, as far as that is known."""
    return not (row[PRINTABLE] < TEXT or row[PRINTABLE + 1] < TEXT)


@kernel
def begins_ssh(data: Any, have: Int) -> bool:
    """Tell whether a direction begins with the version line of SSH."""
    return have >= 4 and data[0] == 83 and data[1] == 83 and data[2] == 72 and data[3] == 45  # SSH-


@kernel
def begins_smb(data: Any, have: Int) -> bool:
    """Tell whether a direction begins with an SMB message behind the length that NetBIOS puts in front."""
    if have < 8 or data[0] != 0 or not 0xFC <= data[4] <= 0xFF:
        return False
    return data[5] == 83 and data[6] == 77 and data[7] == 66  # SMB


@kernel
def begins_rpc(data: Any, have: Int) -> bool:
    """Tell whether a direction begins with a DCE/RPC message of version 5.0 or 5.1, and a length that can be."""
    if have < 16 or data[0] != 5 or data[1] > 1 or data[2] > 19:
        return False
    return data[5] == 0 and data[6] == 0 and data[7] == 0 and (data[4] == 0x10 or data[4] == 0)
