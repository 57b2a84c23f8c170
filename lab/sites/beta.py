"""Site beta: a workshop full of sensors, clients on a slow wireless link, the outside world far away."""

from __future__ import annotations

from lab.site import Host, Path, Segment, Site

_AIR = Path(delay_ms=3.0, jitter_ms=1.5, loss=0.001)
_PROFILES = ("developer", "office", "developer", "office", "developer")

_CLIENTS = (
    *(
        Host(name=f"seat{number}", addresses=(f"172.29.3.{20 + 7 * number}",), profile=profile, path=_AIR)
        for number, profile in enumerate(_PROFILES, start=1)
    ),
    *(
        Host(name=f"probe{number}", addresses=(f"172.29.3.{180 + number}",), profile="sensor", path=_AIR)
        for number in range(1, 7)
    ),
)
_SERVERS = (
    Host(name="front", addresses=("172.29.8.5",), names={"www": 0, "app": 0, "static": 0}),
    Host(name="store", addresses=("172.29.8.6",), names={"ftp": 0, "mail": 0}, profile="server_job"),
    Host(name="build", addresses=("172.29.8.7",), names={"git": 0, "shell": 0, "db": 0}, profile="server_job"),
    Host(name="hub", addresses=("172.29.8.8",), names={"ns": 0, "time": 0, "broker": 0}, profile="server_job"),
)
_OUTSIDE = (
    Host(
        name="world",
        addresses=tuple(f"203.0.113.{number}" for number in (20, 31, 42, 53, 64, 75)),
        names={"news": 0, "shop": 1, "video": 2, "search": 3, "mirror": 4, "cloud": 5},
        path=Path(delay_ms=38.0, jitter_ms=6.0, loss=0.002),
    ),
    Host(
        name="visitor1",
        addresses=("203.0.113.130",),
        path=Path(delay_ms=55.0, jitter_ms=9.0, loss=0.003),
        profile="visitor",
    ),
    Host(name="jay", addresses=("203.0.113.240",), path=Path(delay_ms=60.0, jitter_ms=6.0)),
    Host(name="daw", addresses=("203.0.113.241",), path=Path(delay_ms=45.0, jitter_ms=4.0)),
    Host(
        name="nest",
        addresses=("203.0.113.250", "203.0.113.251"),
        names={"updates": 0, "pool": 1},
        path=Path(delay_ms=70.0, jitter_ms=8.0),
    ),
)

BETA = Site(
    name="beta",
    domain="beta.example",
    segments=(
        Segment(name="clients", network="172.29.3.0/24", gateway="172.29.3.254", hosts=_CLIENTS),
        Segment(name="servers", network="172.29.8.0/24", gateway="172.29.8.254", hosts=_SERVERS),
        Segment(name="outside", network="203.0.113.0/24", gateway="203.0.113.254", hosts=_OUTSIDE),
    ),
    resolver="unbound",
    tls="TLSv1.3",
    services={
        "web": "front", "ftp": "store", "samba": "store", "rsync": "build", "git": "build", "ssh": "build",
        "database": "build", "mail": "store", "dns": "hub", "time": "hub", "broker": "hub",
        "world": "world", "command": "nest",
    },
    think_s=1.2,
)  # fmt: skip
"""Five seats, six probes, four servers, six sites outside, one visitor."""
