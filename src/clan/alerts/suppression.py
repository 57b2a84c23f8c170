"""A suppression: which alerts nobody wants to see, until when, and why."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from clan.alerts.alert import Alert
from clan.alerts.text import visible
from clan.alerts.transport import protocol_number, transport_name
from clan.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """Hides alerts. What is None matches everything; all that is given must match.

    Attributes:
        src: Network of the originator.
        dst: Network of the responder.
        port: Port of the responder (with `either`: of one of the two).
        protocol: IANA protocol number.
        label: Name of a class, in any case.
        alert_id: One alert, and no other.
        until: It hides alerts on flows that ended before; None: for ever. Alerts without times go by the clock.
        either: Source and destination may be the other way round.
        reason: Why, in words.
        origin: Who made it: `user`, or the file that it was read from.
        created: When it was made.
    """

    src: Network | None = None
    dst: Network | None = None
    port: int | None = None
    protocol: int | None = None
    label: str | None = None
    alert_id: str | None = None
    until: datetime | None = None
    either: bool = False
    reason: str = ""
    origin: str = "user"
    created: datetime | None = None

    @property
    def suppression_id(self) -> str:
        """Eight hexadecimal digits, the same for the same conditions, whatever the reason and the time limit."""
        text = "\0".join(str(part) for part in self._conditions())
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    @property
    def everything(self) -> bool:
        """Whether it has no condition at all."""
        return not any(part is not None for part in self._conditions()[:6])

    def matches(self, alert: Alert, *, now: datetime) -> bool:
        """Whether it hides an alert: the plain form of what `Suppressions` does for many at once."""
        if self.until is not None and (alert.when or now) >= self.until:
            return False
        if self.alert_id is not None and self.alert_id != alert.alert_id:
            return False
        if self.protocol is not None and self.protocol != alert.protocol:
            return False
        if self.label is not None and lowered(self.label) != lowered(alert.label):
            return False
        source, destination = (alert.src_ip, alert.src_port), (alert.dst_ip, alert.dst_port)
        return self._ends(source, destination) or (self.either and self._ends(destination, source))

    def _ends(self, source: tuple[str | None, int | None], destination: tuple[str | None, int | None]) -> bool:
        return inside(source[0], self.src) and inside(destination[0], self.dst) and self.port in (None, destination[1])

    def replaced(self, **changes: datetime | str | None) -> Self:
        """Give it with other values of what is no condition: `until`, `reason`, `created`, `origin`."""
        return replace(self, **changes)  # type: ignore[arg-type]  # names are checked by replace

    def __str__(self) -> str:
        parts = [
            f"{name} {value}"
            for name, value in (
                ("src", self.src),
                ("dst", self.dst),
                ("port", self.port),
                ("protocol", None if self.protocol is None else transport_name(self.protocol)),
                ("class", None if self.label is None else visible(self.label, limit=60)),
                ("alert", self.alert_id),
            )
            if value is not None
        ]
        return (" ".join(parts) or "everything") + (", either direction" if self.either else "")

    def _conditions(self) -> tuple[object, ...]:
        label = None if self.label is None else lowered(self.label)
        return (self.src, self.dst, self.port, self.protocol, label, self.alert_id, self.either)


def suppression(  # noqa: PLR0913 - the conditions that there are
    *,
    src: str | None = None,
    dst: str | None = None,
    port: int | None = None,
    protocol: str | int | None = None,
    label: str | None = None,
    until: datetime | None = None,
    either: bool = False,
    reason: str = "",
) -> Suppression:
    """Make a suppression of what a person wrote.

    Args:
        src: Address or CIDR of the originator.
        dst: Address or CIDR of the responder.
        port: Port of the responder, 0 to 65,535.
        protocol: Name or number of the protocol, such as `tcp`.
        label: Name of a class.
        until: When it ends, with a zone.
        either: Both directions.
        reason: Why.

    Raises:
        ConfigError: A value that cannot be, or no condition: that would hide everything.
    """
    made = Suppression(
        src=network(src, "--src"),
        dst=network(dst, "--dst"),
        port=port,
        protocol=None if protocol is None else protocol_number(protocol),
        label=label,
        until=until,
        either=either,
        reason=reason,
    )
    if port is not None and not 0 <= port <= 65_535:
        raise ConfigError(f"a port is 0 to 65535, got {port}")
    if made.everything:
        raise ConfigError("a suppression without a condition would hide every alert: give --src, --dst, --port, "
                          "--protocol or --class")  # fmt: skip
    return made


def network(text: str | None, what: str) -> Network | None:
    """Read an address or a CIDR; None stays None.

    Raises:
        ConfigError: It is neither, or has bits set beyond its prefix (`10.0.0.7/24`): one of the two was a slip.
    """
    if text is None:
        return None
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        hint = ""
        with contextlib.suppress(ValueError):
            hint = f"; did you mean {ipaddress.ip_network(text.strip(), strict=False)}?"
        raise ConfigError(f"{what} {text!r} is neither an address nor a network such as 10.0.0.0/24{hint}") from error


def lowered(label: str | None) -> str:
    """A name of a class as it is compared, here and in the store, whose own `lower` knows ASCII only."""
    return (label or "").lower()


def inside(address: str | None, place: Network | None) -> bool:
    """Whether an address lies in a network; every address, and none, lies in None."""
    if place is None:
        return True
    try:
        return address is not None and ipaddress.ip_address(address) in place
    except ValueError:
        return False
