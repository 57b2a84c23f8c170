"""Words that flow records use, and the columns of group `conn` that they become: states, histories, services.

Text of a source never enters a model; each word of a fixed list becomes a named indicator or count.
"""

from __future__ import annotations

from typing import Final

HISTORY: Final = {
    "s": ("syn", "a SYN without ACK"),
    "h": ("synack", "a SYN with ACK"),
    "a": ("ack", "a pure ACK"),
    "d": ("data", "payload"),
    "f": ("fin", "a FIN"),
    "r": ("rst", "a RST"),
    "c": ("bad_checksum", "a wrong checksum"),
    "g": ("gap", "content that the capture missed"),
    "t": ("retransmission", "payload sent again"),
    "w": ("zero_window", "a window of zero"),
    "i": ("inconsistent", "contradicting flags or content"),
    "q": ("odd_flags", "SYN together with FIN or RST"),
}
"""Letters of Zeek's `history`, with the name of their column and what they stand for.

Source: Zeek, base/protocols/conn/main.zeek. A capital letter is the originator's.
"""

STATES: Final = ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")
"""Zeek's `conn_state`."""

SERVICES: Final = {
    "dns": ("dns",),
    "http": ("http", "http2"),
    "tls": ("ssl", "tls"),
    "quic": ("quic",),
    "ssh": ("ssh",),
    "smtp": ("smtp",),
    "ftp": ("ftp", "ftp-data"),
    "smb": ("smb",),
    "krb": ("krb", "krb_tcp", "krb5"),
    "rdp": ("rdp",),
    "ntp": ("ntp",),
    "dhcp": ("dhcp",),
    "sip": ("sip",),
}
"""Services with a column of their own, each with what Zeek (`service`) and Suricata (`app_proto`) call it."""
