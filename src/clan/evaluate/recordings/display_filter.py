"""The part of Wireshark's display filters that speaks of addresses, ports and protocols, as a condition on flows.

Every packet of a flow has its addresses, ports and protocol, so a flow has a packet that matches exactly when the flow
itself does. What a filter says of link layers (`arp`) matches no flow. Addresses inside the payload of an ICMP error
are not looked at, where Wireshark would.
"""

from __future__ import annotations

import ipaddress
import re
from functools import reduce
from operator import and_, or_
from typing import Final

import polars as pl

from clan.errors import ConfigError

MAX_LENGTH: Final = 2_000
_MAX_DEPTH: Final = 20
_TOKEN: Final = re.compile(r"\s*(\(|\)|&&|\|\||!(?!=)|[A-Za-z0-9_.:]+|==)")
_WORDS: Final = {"and": "&&", "or": "||", "not": "!", "eq": "=="}
_PROTOCOLS: Final = {"tcp": (6,), "udp": (17,), "icmp": (1,), "icmpv6": (58,)}
_PORTS: Final = {"tcp.port": 6, "udp.port": 17}


def flow_condition(text: str) -> pl.Expr:
    """Read a display filter.

    Args:
        text: Comparisons of `ip.addr`, `ipv6.addr`, `tcp.port` and `udp.port` with `==`, the names of protocols, and
            `&&`, `||`, `!`, `and`, `or`, `not` and brackets between them.

    Returns:
        A condition on the identity columns of a flow table, never null.

    Raises:
        ConfigError: Anything else, with the place.

    Example:
        >>> flows = pl.DataFrame({"src_ip": ["10.0.0.1"], "dst_ip": ["10.0.0.2"], "src_port": [4000], "dst_port": [22],
        ...     "protocol": [6]})
        >>> flows.filter(flow_condition("ip.addr==10.0.0.2 && not tcp.port==80")).height
        1
    """
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"a display filter has at most {MAX_LENGTH:,} characters, got {len(text):,}")
    return _Parser(text).read().fill_null(value=False)


class _Parser:
    """Recursive descent over the words of a filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = self._split(text)
        self._at = self._depth = 0

    def _split(self, text: str) -> list[str]:
        words, at = [], 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._error(text[at:].split(maxsplit=1)[0])
            words.append(_WORDS.get(found[1].lower(), found[1]))
            at = found.end()
        return words

    def read(self) -> pl.Expr:
        condition = self._any()
        if self._at < len(self._words):
            raise self._error(self._words[self._at])
        return condition

    def _any(self) -> pl.Expr:
        parts = [self._all()]
        while self._take("||"):
            parts.append(self._all())
        return reduce(or_, parts)

    def _all(self) -> pl.Expr:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return reduce(and_, parts)

    def _one(self) -> pl.Expr:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error("brackets that go too deep")
        try:
            if self._take("!"):
                return ~self._one().fill_null(value=False)
            if self._take("("):
                condition = self._any()
                if not self._take(")"):
                    raise self._error("a bracket that is not closed")
                return condition
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> pl.Expr:
        name = self._next().lower()
        if name in ("ip.addr", "ipv6.addr") and self._take("=="):
            address = self._next()
            try:
                wanted = str(ipaddress.ip_address(address))
            except ValueError:
                raise self._error(address) from None
            return (pl.col("src_ip") == wanted) | (pl.col("dst_ip") == wanted)
        if name in _PORTS and self._take("=="):
            number = self._next()
            if not (number.isdecimal() and int(number) < 65536):
                raise self._error(number)
            either = (pl.col("src_port") == int(number)) | (pl.col("dst_port") == int(number))
            return either & (pl.col("protocol") == _PORTS[name])
        if name in _PROTOCOLS:
            return pl.col("protocol").is_in(_PROTOCOLS[name])
        if name == "arp":
            return pl.lit(value=False)
        raise self._error(name)

    def _take(self, word: str) -> bool:
        if self._at < len(self._words) and self._words[self._at] == word:
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise self._error("its end")
        self._at += 1
        return self._words[self._at - 1]

    def _error(self, found: str) -> ConfigError:
        return ConfigError(
            f"the display filter {self._text!r} is not understood at {found!r}: known are ip.addr, ipv6.addr, tcp.port "
            "and udp.port with ==, tcp, udp, icmp, icmpv6, arp, and &&, ||, !, brackets"
        )
