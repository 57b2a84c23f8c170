"""Names and groups of hosts, from a small file that somebody writes."""

from __future__ import annotations

import csv
import io
import ipaddress
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from clan.errors import ConfigError, SourceUnavailable

_MOST_KEPT = 65_536  # addresses whose names are remembered
_MOST_LINES = 1_000_000
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Host(NamedTuple):
    """What the file says of an address; None where it says nothing."""

    name: str | None = None
    group: str | None = None


class Hosts:
    """Looks up names and groups: the narrowest network that holds an address gives each.

    So a line for `10.1.0.0/16` may give the group, and one for `10.1.0.7` the name.

    Args:
        entries: Network, and what is known of its hosts.
    """

    def __init__(self, entries: Iterable[tuple[Network, Host]]) -> None:
        self._by_length: dict[tuple[int, int], dict[int, Host]] = {}
        for network, host in entries:
            place = self._by_length.setdefault((network.version, network.prefixlen), {})
            place[int(network.network_address)] = host
        self._lengths = sorted(self._by_length, reverse=True)  # longest prefix first
        self._kept: dict[str, Host] = {}

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file: TOML by its name (`.toml`), else CSV.

        CSV has the columns `network` (an address or CIDR), `name`, `group`, with a line of these names first. TOML
        has a table `[hosts]`: `"10.0.0.5" = "printer"` or `"10.0.0.0/24" = { name = "...", group = "..." }`.

        Raises:
            SourceUnavailable: The file cannot be read.
            ConfigError: It is no text, or a line of it means nothing; says which.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise SourceUnavailable(f"names of hosts cannot be read from {path}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is no UTF-8 text, which names of hosts are read from: {error}") from error
        parse = _toml if Path(path).suffix.lower() == ".toml" else _csv
        return cls(parse(text, str(path)))

    def look_up(self, address: str | None) -> Host:
        """Give name and group of an address; both None where nothing is known, or it is none."""
        if address is None:
            return Host()
        found = self._kept.get(address)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[address] = self._find(address)
        return found

    def _find(self, address: str) -> Host:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return Host()
        name = group = None
        for version, length in self._lengths:
            if version != ip.version:
                continue
            shift = ip.max_prefixlen - length
            host = self._by_length[version, length].get(int(ip) >> shift << shift)
            if host is not None:
                name, group = name or host.name, group or host.group
        return Host(name, group)


def _csv(text: str, path: str) -> list[tuple[Network, Host]]:
    reader = csv.DictReader(io.StringIO(text))
    try:
        return _rows(reader, path)
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num + 1}: no CSV: {error}") from error


def _rows(reader: csv.DictReader[str], path: str) -> list[tuple[Network, Host]]:
    columns = [name.strip().lower() for name in reader.fieldnames or []]
    if "network" not in columns or not {"name", "group"} & set(columns):
        raise ConfigError(
            f"{path}: expected a first line `network,name,group`, found {', '.join(columns) or 'nothing'}"
        )
    reader.fieldnames = columns
    entries = []
    for row in reader:
        if reader.line_num > _MOST_LINES:
            raise ConfigError(f"{path} has more than {_MOST_LINES:,} lines")
        where = f"{path}, line {reader.line_num}"
        host = Host(*((row.get(key) or "").strip() or None for key in ("name", "group")))
        entries.append((_network((row["network"] or "").strip(), where), host))
    return entries


def _toml(text: str, path: str) -> list[tuple[Network, Host]]:
    try:
        table = tomllib.loads(text).get("hosts")
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond what Python reads
        raise ConfigError(f"{path} is no TOML: {error}") from error
    if not isinstance(table, Mapping):
        raise ConfigError(f'{path}: expected a table [hosts] with lines such as "10.0.0.5" = "printer"')
    return [(_network(key, path), _host(value, f"{path}, {key}")) for key, value in table.items()]


def _host(value: Any, where: str) -> Host:
    known = {"name": value} if isinstance(value, str) else value
    if not isinstance(known, Mapping) or not all(isinstance(text, str) for text in known.values()):
        raise ConfigError(f"{where}: expected a name or {{ name = ..., group = ... }}, found {value!r}")
    if unknown := set(known) - {"name", "group"}:
        raise ConfigError(f"{where}: unknown key {', '.join(sorted(unknown))}; a host has name and group")
    return Host(known.get("name"), known.get("group"))


def _network(text: str, where: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(f"{where}: {text!r} is neither an address nor a network such as 10.0.0.0/24") from error
