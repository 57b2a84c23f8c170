"""The rules by which packets become flows: one record for each profile, read by the one kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple

from clan.errors import ConfigError, UnknownNameError

SECOND = 1_000_000
"""Microseconds in a second: every time in this room is an integer number of microseconds."""

NEVER = 1 << 62
"""A timeout that does not come."""


class Rules(NamedTuple):
    """What the kernel needs to know, as plain integers (times in us)."""

    tcp_idle: int
    udp_idle: int
    other_idle: int
    closed_keep: int
    active: int
    flush_age: int
    clock_jump: int
    lycos: bool
    early: bool
    early_packets: int
    early_age: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlyReports:
    """When a long flow is reported before its end, once; for live capture, where its end may be hours away.

    They change no flow, so they are no part of what a model remembers.

    Attributes:
        packets: Report a flow when it has this many packets, 2 or more; None: whatever their number.
        seconds: Report a flow with its first packet at this age, above 0; None: whatever its age.
    """

    packets: int | None = 10_000
    seconds: float | None = 30.0

    def __post_init__(self) -> None:
        if self.packets is not None and self.packets < 2:
            raise ConfigError(f"early reports need 2 packets or more, got {self.packets}")
        if self.seconds is not None and not self.seconds > 0:
            raise ConfigError(f"early reports need an age above 0 seconds, got {self.seconds}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowSettings:
    """How flows are cut. The defaults are the `default` profile; a model remembers the ones it was trained with.

    Attributes:
        profile: Name of the record of rules: ``default`` or ``lycos``.
        tcp_idle_timeout_s: A TCP flow without a packet for this long ends. 120 s holds keep-alive pauses of web
            clients together, is what nfstream and LycoSTand use, and bounds how late an alert on a silent flow is.
        udp_idle_timeout_s: The same for UDP. 60 s as in Zeek: requests and answers are seconds apart.
        other_idle_timeout_s: The same for ICMP, SCTP and all other protocols; 60 s as in Zeek.
        tcp_closed_timeout_s: How long a TCP flow that saw FIN from both sides, or RST, waits for stragglers (the last
            ACK, retransmissions) before it leaves. Zeek waits 6 s, we 5 s.
        active_timeout_s: A flow older than this is cut, so that a connection that stays open for days is still seen;
            1800 s is the usual value of flow exporters.
        max_flows: Open flows kept at most; beyond it the flow that was updated longest ago leaves early and is
            counted. Memory is about 0.8 kB for each, taken only as it is needed.
    """

    profile: str = "default"
    tcp_idle_timeout_s: float = 120.0
    udp_idle_timeout_s: float = 60.0
    other_idle_timeout_s: float = 60.0
    tcp_closed_timeout_s: float = 5.0
    active_timeout_s: float = 1800.0
    max_flows: int = 1_000_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name.endswith("_s") and not value > 0:
                raise ConfigError(f"{name} must be above 0 seconds, got {value}")
        if not 16 <= self.max_flows <= 1 << 28:
            raise ConfigError(f"max_flows must be between 16 and {1 << 28}, got {self.max_flows}")
        if self.profile not in ("default", "lycos"):
            raise UnknownNameError("profile", self.profile, ("default", "lycos"))

    def rules(self, early: EarlyReports | None = None) -> Rules:
        """Turn the settings, and when to report early, into the kernel's record."""
        lycos = self.profile == "lycos"
        return Rules(
            tcp_idle=_microseconds(self.tcp_idle_timeout_s),
            udp_idle=_microseconds(self.udp_idle_timeout_s),
            other_idle=_microseconds(self.other_idle_timeout_s),
            closed_keep=_microseconds(self.tcp_closed_timeout_s),
            active=_microseconds(self.active_timeout_s),
            flush_age=120 * SECOND if lycos else 0,
            clock_jump=NEVER if lycos else 3600 * SECOND,
            lycos=lycos,
            early=early is not None,
            early_packets=NEVER if early is None or early.packets is None else early.packets,
            early_age=NEVER if early is None or early.seconds is None else _microseconds(early.seconds),
        )

    def watermark_us(self) -> int:
        """Tell how far behind the newest packet a flow may still end: the longest of the timeouts of silence."""
        rules = self.rules()
        return max(rules.tcp_idle, rules.udp_idle, rules.other_idle, rules.closed_keep)

    def manifest(self) -> dict[str, Any]:
        """List the settings for a model file, as JSON values; a timeout that never comes is None."""
        return {name: None if value == math.inf else value for name, value in asdict(self).items()}

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> FlowSettings:
        """Read the settings of a model file.

        Raises:
            ConfigError: A setting that this clan does not know, or a value that it cannot have.
        """
        unknown = set(manifest) - {field.name for field in fields(cls)}
        if unknown:
            raise ConfigError(f"unknown flow settings: {', '.join(sorted(unknown))}")
        try:
            values: dict[str, Any] = {name: math.inf if value is None else value for name, value in manifest.items()}
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"flow settings of the wrong type: {error}") from error


def _microseconds(seconds: float) -> int:
    """Convert to the kernel's unit; anything beyond a century is never."""
    return int(seconds * SECOND) if seconds < 3e9 else NEVER


PROFILES: dict[str, FlowSettings] = {
    "default": FlowSettings(),
    # The original extractor cuts at 120 s after the first packet, has no idle timeout, and remembers a closed key for
    # 240 s. Without an idle timeout its flows can end arbitrarily late, so they all leave at the end of the stream.
    "lycos": replace(
        FlowSettings(),
        profile="lycos",
        tcp_idle_timeout_s=math.inf,
        udp_idle_timeout_s=math.inf,
        other_idle_timeout_s=math.inf,
        tcp_closed_timeout_s=240.0,
        active_timeout_s=120.0,
    ),
}
"""The profiles by name, as `--profile` takes them."""


def profile(name: str) -> FlowSettings:
    """Look up the settings of a profile.

    Raises:
        UnknownNameError: No such profile.
    """
    if name not in PROFILES:
        raise UnknownNameError("profile", name, PROFILES)
    return PROFILES[name]
