"""Pseudonyms keep prefixes and nothing else, are the same for the same key, and no field slips through by being new."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.alerts.attacks import make_alert

from clan.alerts import Alert
from clan.alerts.anonymise import _KEPT, Anonymiser
from clan.alerts.sinks.encodings.eve import encode
from clan.errors import ConfigError, SinkError

KEY = bytes(range(32))
REPLACED = {"src_ip", "dst_ip", "uid", "source", "incident_id"}
LEFT_OUT = {
    "community_id", "tunnel", "source_alert", "src_name", "src_group", "dst_name", "dst_group",
    "sentence", "nearest", "history",  # they name hosts
}  # fmt: skip


def shared_bits(one: str, other: str) -> int:
    """Length of the common prefix of two addresses."""
    a, b = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return a.max_prefixlen - (int(a) ^ int(b)).bit_length()


@given(st.ip_addresses(v=4), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_ipv4_pseudonyms_share_exactly_as_many_bits(one: ipaddress.IPv4Address, noise: int, same: int) -> None:
    other = ipaddress.IPv4Address(int(one) ^ (noise >> same))
    hide = Anonymiser(KEY)
    pseudonyms = hide.address(str(one)), hide.address(str(other))
    assert shared_bits(str(pseudonyms[0]), str(pseudonyms[1])) == shared_bits(str(one), str(other))


@given(st.ip_addresses(v=6), st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_ipv6_pseudonyms_share_exactly_as_many_bits(one: ipaddress.IPv6Address, noise: int, same: int) -> None:
    other = ipaddress.IPv6Address(int(one) ^ (noise >> same))
    hide = Anonymiser(KEY)
    pseudonyms = hide.address(str(one)), hide.address(str(other))
    assert shared_bits(str(pseudonyms[0]), str(pseudonyms[1])) == shared_bits(str(one), str(other))


def test_another_key_gives_other_pseudonyms() -> None:
    one, other = Anonymiser(KEY), Anonymiser(bytes(32))
    addresses = [f"10.0.{i}.{j}" for i in range(8) for j in range(32)]
    assert [one.address(a) for a in addresses] == [Anonymiser(KEY).address(a) for a in addresses]
    assert sum(one.address(a) == other.address(a) for a in addresses) < 3
    assert one.address(None) is None
    assert one.address("no address") == one.name("no address")


def test_alert_says_nothing_of_who_it_was() -> None:
    alert = replace(
        make_alert(src="198.51.100.77", dst="203.0.113.99"), community_id="1:secret", tunnel="gre 198.51.100.1>x",
        uid="CUID", source="/home/zelda/monday.pcap", incident_id="0123456789ab", src_name="zelda", dst_group="board",
    )  # fmt: skip
    line = encode(Anonymiser(KEY).alert(alert))
    for secret in ("198.51", "203.0", "secret", "CUID", "zelda", "board", "monday", "0123456789ab", alert.alert_id):
        assert secret not in line
    assert Anonymiser(KEY).alert(alert).p_value == alert.p_value


def test_every_field_of_an_alert_is_decided_on() -> None:
    assert {*Alert.__struct_fields__} == {*_KEPT} | REPLACED | LEFT_OUT


def test_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = Anonymiser.of_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Anonymiser.of_file(path).address("10.0.0.1") == made.address("10.0.0.1")
    path.write_text("not a key\n")
    with pytest.raises(ConfigError, match="expected 64 hexadecimal digits"):
        Anonymiser.of_file(path)
    with pytest.raises(SinkError, match="cannot be made"):
        Anonymiser.of_file(tmp_path / "nowhere" / "key")
    with pytest.raises(ConfigError, match="a key has 32 bytes, got 3"):
        Anonymiser(b"abc")
