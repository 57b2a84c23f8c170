"""What an attack behaviour of the lab is: who does what to whom, within which bounds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from lab.command import Command
from lab.confinement import check_command, check_targets
from lab.site import Host, Site

TCP, UDP, ICMP = 6, 17, 1
MOST_SECONDS = 150.0
"""No command of an attack runs longer."""
MOST_COMMANDS = 80
"""No attack runs more."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is attacked, as the labels name it.

    Attributes:
        address: Of a host of the site.
        port: None where many are.
        protocol: IANA number; None for any.
        source_port: Of the attacker, where it is known beforehand.
    """

    address: str
    port: int | None
    protocol: int | None
    source_port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One attack, drawn.

    Attributes:
        label: Its class.
        source: Host that does it.
        targets: What is attacked.
        strands: Commands; those of a strand one after the other, strands side by side.
        side_effects: What is not the attack itself but comes of it, such as looking up a name.
        exclusive: Nothing but attacks goes from the source to the targets, so answers that come late are known too.
    """

    label: str
    source: Host
    targets: tuple[Target, ...]
    strands: tuple[tuple[Command, ...], ...]
    side_effects: tuple[Target, ...] = ()
    exclusive: bool = True

    @property
    def seconds(self) -> float:
        """The longest that it may take."""
        return max(sum(command.seconds + command.after_s for command in strand) for strand in self.strands)

    def check(self, site: Site) -> None:
        """Refuse an attack on anything but the site's own hosts.

        Raises:
            ConfinementError: A target, or something that a command names, is not one of them.
        """
        check_targets(site, [target.address for target in (*self.targets, *self.side_effects)])
        for strand in self.strands:
            for command in strand:
                check_command(site, command)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where attacks are drawn.

    Attributes:
        rng: Every draw comes from it.
        site: Whose hosts are attacked.
        source: Who attacks.
    """

    rng: random.Random
    site: Site
    source: Host

    def target(self, service: str, port: int | None, protocol: int | None = TCP) -> Target:
        """Give the target that is the host of a service."""
        return Target(address=self.site.running(service).address, port=port, protocol=protocol)


Behaviour = Callable[[Stage], Attack]
