"""What a server of the lab is."""

from __future__ import annotations

from dataclasses import dataclass

from lab.site import Host


@dataclass(frozen=True, kw_only=True)
class Service:
    """A server program, configured.

    Attributes:
        name: For logs.
        host: Where it runs.
        argv: Program and arguments; it stays in the foreground.
        port: Open when it is ready; 0 for one that opens none.
    """

    name: str
    host: Host
    argv: tuple[str, ...]
    port: int
