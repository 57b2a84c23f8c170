"""Site alpha: an office with developers, fast links, and most services in the house."""

from __future__ import annotations

from lab.site import Host, Path, Segment, Site

_PROFILES = ("office", "office", "office", "office", "developer", "developer", "developer", "office")

_CLIENTS = (
    *(
        Host(name=f"desk{number}", addresses=(f"10.77.10.{100 + number}",), profile=profile)
        for number, profile in enumerate(_PROFILES, start=1)
    ),
    Host(name="meter1", addresses=("10.77.10.151",), profile="sensor"),
    Host(name="meter2", addresses=("10.77.10.152",), profile="sensor"),
)
_SERVERS = (
    Host(name="web", addresses=("10.77.20.10",), names={"www": 0, "app": 0, "static": 0}),
    Host(name="files", addresses=("10.77.20.20",), names={"ftp": 0}, profile="server_job"),
    Host(name="code", addresses=("10.77.20.30",), names={"git": 0, "shell": 0}),
    Host(name="data", addresses=("10.77.20.40",), names={"db": 0, "mail": 0}, profile="server_job"),
    Host(name="names", addresses=("10.77.20.53",), names={"ns": 0, "time": 0, "broker": 0}),
)
_OUTSIDE = (
    Host(
        name="world",
        addresses=tuple(f"198.51.100.{number}" for number in (10, 11, 12, 13, 14, 15)),
        names={"news": 0, "shop": 1, "video": 2, "search": 3, "mirror": 4, "cloud": 5},
        path=Path(delay_ms=9.0, jitter_ms=1.0, loss=0.0005),
    ),
    Host(
        name="visitor1",
        addresses=("198.51.100.71",),
        path=Path(delay_ms=14.0, jitter_ms=2.0, loss=0.001),
        profile="visitor",
    ),
    Host(
        name="visitor2",
        addresses=("198.51.100.72",),
        path=Path(delay_ms=31.0, jitter_ms=5.0, loss=0.002),
        profile="visitor",
    ),
    Host(name="crow", addresses=("198.51.100.201",), path=Path(delay_ms=22.0, jitter_ms=2.0)),
    Host(name="rook", addresses=("198.51.100.202",), path=Path(delay_ms=35.0, jitter_ms=3.0)),
    Host(
        name="nest",
        addresses=("198.51.100.220", "198.51.100.221"),
        names={"updates": 0, "pool": 1},
        path=Path(delay_ms=27.0, jitter_ms=3.0),
    ),
)

ALPHA = Site(
    name="alpha",
    domain="alpha.example",
    segments=(
        Segment(name="clients", network="10.77.10.0/24", gateway="10.77.10.1", hosts=_CLIENTS),
        Segment(name="servers", network="10.77.20.0/24", gateway="10.77.20.1", hosts=_SERVERS),
        Segment(name="outside", network="198.51.100.0/24", gateway="198.51.100.1", hosts=_OUTSIDE),
    ),
    resolver="dnsmasq",
    tls="TLSv1.2 TLSv1.3",
    services={
        "web": "web", "ftp": "files", "samba": "files", "rsync": "files", "git": "code", "ssh": "code",
        "database": "data", "mail": "data", "dns": "names", "time": "names", "broker": "names",
        "world": "world", "command": "nest",
    },
    think_s=1.3,
)  # fmt: skip
"""Eight desks, two meters, five servers, six sites outside, two visitors."""
