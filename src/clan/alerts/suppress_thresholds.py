"""Suricata's `threshold.config`: its `suppress` lines, and its `limit` as a rate limit.

What is for other generators than clan's (gen_id 2509) is theirs. Of `threshold` lines (also called `event_filter`),
type `limit` by `by_src` is a rate limit; all other kinds, `rate_filter`, and addresses that name variables are not ours
to do, and are counted and told, never guessed.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clan.alerts.rate_limit import RateLimit
from clan.alerts.sinks.encodings.eve import GENERATOR_ID, SIGNATURE_ID
from clan.alerts.suppression import Suppression
from clan.errors import ConfigError, SourceUnavailable

_MOST_BYTES = 16_000_000
_MOST_DIGITS = 18
_KINDS = ("suppress", "threshold", "event_filter", "rate_filter")


@dataclass(kw_only=True)
class ThresholdFile:
    """What a file held.

    Attributes:
        suppressions: Those for clan's alerts.
        rate_limit: The strictest `limit` for clan's alerts, or None.
        passed_over: Lines that were not used, by why.
        lines: The first of them, as `line 3: why`, at most 20.
    """

    suppressions: list[Suppression] = field(default_factory=list)
    rate_limit: RateLimit | None = None
    passed_over: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def skip(self, number: int, why: str) -> None:
        """Count a line that is not used."""
        self.passed_over[why] += 1
        if len(self.lines) < 20:
            self.lines.append(f"line {number}: {why}")


def read_thresholds(path: str | Path) -> ThresholdFile:
    """Read a `threshold.config`.

    Raises:
        SourceUnavailable: The file cannot be read.
        ConfigError: A line that is for clan is broken; says which.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise SourceUnavailable(f"suppressions cannot be read from {path}: {error.strerror or error}") from error
    if len(raw) > _MOST_BYTES:
        raise ConfigError(f"{path} has {len(raw):,} bytes; a threshold.config has at most {_MOST_BYTES:,}")
    found = ThresholdFile()
    for number, line in _lines(raw.decode("utf-8", "replace")):
        words = line.split("#")[0].strip()
        if words:
            _read_line(words, number, f"{path}, line {number}", found)
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Give each line with its number; a backslash continues one, which has the number where it begins."""
    begun, first = list[str](), 1
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        first = first if begun else number
        begun.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield first, " ".join(begun)
            begun = []
    yield first, " ".join(begun)


def _read_line(words: str, number: int, where: str, found: ThresholdFile) -> None:
    kind, _, rest = words.partition(" ")
    if kind not in _KINDS:
        raise ConfigError(f"{where}: expected {', '.join(_KINDS)}, found {kind[:40]!r}")
    options = _options(rest, where)
    generator = _number(options, "gen_id", where)
    if generator not in (0, GENERATOR_ID):
        found.skip(number, f"for another generator than clan's ({GENERATOR_ID})")
    elif _number(options, "sig_id", where) not in (0, SIGNATURE_ID):
        found.skip(number, f"for another signature than clan's ({SIGNATURE_ID})")
    elif kind == "suppress":
        _suppress(options, number, where, found)
    elif kind == "rate_filter":
        found.skip(number, "rate_filter is not supported")
    elif options.get("type") != "limit" or options.get("track") != "by_src":
        found.skip(number, "threshold other than type limit, track by_src is not supported")
    else:
        count, seconds = _number(options, "count", where), _number(options, "seconds", where)
        try:
            limit = RateLimit(count=count, seconds=seconds)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        if found.rate_limit is None or limit.per_s < found.rate_limit.per_s:
            found.rate_limit = limit


def _suppress(options: dict[str, str], number: int, where: str, found: ThresholdFile) -> None:
    origin, track = where, options.get("track")
    if track is None:
        found.suppressions.append(Suppression(reason="the whole signature", origin=origin))
        return
    if track not in ("by_src", "by_dst", "by_either"):
        raise ConfigError(f"{where}: expected track by_src, by_dst or by_either, found {track!r}")
    places = options.get("ip", "").strip("[] ")
    if not places:
        raise ConfigError(f"{where}: track needs ip, such as ip 10.0.0.0/8")
    if "!" in places or "$" in places:
        found.skip(number, "addresses that exclude (!) or name a variable ($) are not supported")
        return
    for place in places.split(","):
        try:
            net = ipaddress.ip_network(place.strip(), strict=False)
        except ValueError as error:
            raise ConfigError(f"{where}: {place.strip()!r} is neither an address nor a network") from error
        src, dst = (None, net) if track == "by_dst" else (net, None)
        found.suppressions.append(Suppression(src=src, dst=dst, either=track == "by_either", origin=origin))


def _options(text: str, where: str) -> dict[str, str]:
    """Split `gen_id 1, sig_id 2, ip [a, b]`: commas inside brackets do not separate."""
    options = {}
    for part in re.findall(r"(?:\[[^\]]*\]|[^,\[])+", text):
        name, _, value = part.strip().partition(" ")
        if name in options:
            raise ConfigError(f"{where}: {name} is there twice")
        options[name] = value.strip()
    return options


def _number(options: dict[str, str], name: str, where: str) -> int:
    value = options.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise ConfigError(f"{where}: expected {name} and a number, found {value[:40]!r}")
    return int(value)
