"""Pseudonyms for addresses and names in what leaves the house.

Addresses: two that share their first k bits have pseudonyms that share exactly their first k bits, so networks stay
networks and nobody sees which. Each bit is flipped by one bit of a keyed hash of the bits before it, the form that
every prefix-preserving one-to-one map has (theorem 1 of the source); Crypto-PAn fills it with AES, this with keyed
BLAKE2b, so the pseudonyms are not those of Crypto-PAn.

What this cannot hide: who knows some pairs of address and pseudonym learns the prefixes that they share with others.

Source:
    Xu, Fan, Ammar, Moon 2002, Prefix-Preserving IP Address Anonymization.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Self

from clan.alerts.alert import Alert
from clan.errors import ConfigError, SinkError, SourceUnavailable

KEY_BYTES = 32


class Anonymiser:
    """Replaces addresses and names by pseudonyms of a key; the same key gives the same ones.

    Args:
        key: Secret, 32 bytes.

    Raises:
        ConfigError: The key has another length.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"a key has {KEY_BYTES} bytes, got {len(key)}")
        self._key = key
        self._address = lru_cache(maxsize=65_536)(self._make)

    @classmethod
    def of_file(cls, path: str | Path) -> Self:
        """Read a key (64 hexadecimal digits), or make one where there is no file, readable by its owner only.

        Raises:
            ConfigError: The file holds no key.
            SourceUnavailable, SinkError: It cannot be read, or made.
        """
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        except OSError as error:
            raise SinkError(f"the key {path} cannot be made: {error.strerror or error}") from error
        else:
            with os.fdopen(made, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
        try:
            return cls(bytes.fromhex(Path(path).read_text(encoding="ascii").strip()))
        except OSError as error:
            raise SourceUnavailable(f"the key {path} cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise ConfigError(f"{path} holds no key: expected {2 * KEY_BYTES} hexadecimal digits") from error

    def address(self, text: str | None) -> str | None:
        """Give the pseudonym of an address, IPv4 for IPv4 and IPv6 for IPv6; of anything else, that of a name."""
        return None if text is None else self._address(text)

    def name(self, text: str | None) -> str | None:
        """Give the pseudonym of a name, 16 hexadecimal digits."""
        return None if text is None else self._hash(text.encode("utf-8", "surrogatepass"), b"name").hex()

    def alert(self, alert: Alert) -> Alert:
        """Give an alert that says nothing of who it was.

        Addresses, the flow's id, its source and the incident become pseudonyms. Community id (a hash of the addresses
        that anybody can search for), tunnel, names and groups of hosts, and sentences that name hosts are left out.
        Times, ports, features and their values stay: they tell what happened.
        """
        kept = {name: getattr(alert, name) for name in _KEPT}
        return Alert(
            **kept,
            src_ip=self.address(alert.src_ip),
            dst_ip=self.address(alert.dst_ip),
            uid=self.name(alert.uid) or "",
            source=self.name(alert.source) or "",
            incident_id=None if alert.incident_id is None else (self.name(alert.incident_id) or "")[:12],
            community_id=None,
        )

    def _make(self, text: str) -> str:
        try:
            ip = ipaddress.ip_address(text)
        except ValueError:
            return self.name(text) or ""
        width, bits, made = ip.max_prefixlen, int(ip), 0
        for position in range(width):
            before = bits >> (width - position)  # the bits in front of this one
            flip = self._hash(before.to_bytes(16), b"%d/%d" % (ip.version, position))[0] & 1
            made = made << 1 | (bits >> (width - position - 1) & 1) ^ flip
        return str(type(ip)(made))

    def _hash(self, data: bytes, purpose: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=8, key=self._key, person=purpose).digest()


_KEPT = (
    "timestamp", "ts_end", "src_port", "dst_port", "protocol", "anomaly_score", "p_value", "p_extrapolated",
    "threshold", "alpha", "model_id", "severity", "reasons", "explained_by", "score_without", "packets_fwd",
    "packets_bwd", "payload_bytes_fwd", "payload_bytes_bwd", "vlan", "category", "label", "likeliest_label",
    "label_probability",
)  # fmt: skip
"""Fields that are the same in what leaves the house. A new field of the record is left out until it is named here."""
