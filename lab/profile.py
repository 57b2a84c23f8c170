"""Who does what how often, and when in the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_OFFICE_DAY = (2, 1, 1, 1, 1, 3, 12, 35, 80, 100, 100, 90, 45, 75, 100, 95, 85, 60, 30, 18, 12, 9, 6, 3)
_LATE_DAY = (12, 6, 3, 2, 1, 1, 2, 10, 30, 70, 95, 100, 60, 80, 100, 100, 95, 85, 60, 45, 40, 35, 28, 20)
_NIGHT_JOBS = (60, 100, 100, 90, 60, 40, 25, 20, 20, 20, 20, 20, 35, 20, 20, 20, 20, 20, 20, 20, 25, 30, 40, 50)
_EVENING = (20, 10, 6, 4, 4, 8, 20, 40, 50, 55, 60, 60, 70, 60, 60, 60, 65, 75, 90, 100, 100, 90, 65, 40)
_FLAT = (100,) * 24


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How one kind of user behaves.

    Attributes:
        weights: Action to how often it is drawn.
        hours: How busy each hour of the day is, in percent of the busiest.
        pace: Activities at the busiest hour, in multiples of the site's.
        period_s: For machines that act like clockwork: seconds between two activities, with a tenth of jitter.
    """

    weights: Mapping[str, float]
    hours: tuple[int, ...]
    pace: float = 1.0
    period_s: float | None = None


PROFILES: dict[str, Profile] = {
    "office": Profile(
        weights={
            "surf": 22, "browse_tls": 14, "browse": 10, "search": 6, "log_in": 3, "mail": 8, "share": 6, "ftp": 1.5,
            "download": 4, "upload": 3, "stream": 1.5, "miss": 3, "call": 4, "look_up": 6, "ping": 0.7, "knock": 0.7,
            "ask_time": 1.5, "poll": 1.5, "query": 1, "packages": 0.4, "remote": 0.3,
        },
        hours=_OFFICE_DAY,
    ),
    "developer": Profile(
        weights={
            "surf": 16, "browse_tls": 8, "browse": 6, "call": 8, "git": 9, "remote": 8, "terminal": 3, "copy": 3,
            "query": 7, "look_up": 8, "download": 4, "upload": 1.5, "packages": 2.5, "mirror_pages": 1, "mail": 2,
            "ping": 2, "knock": 1.5, "poll": 2, "ask_time": 1.5, "search": 2, "log_in": 2, "miss": 2, "share": 1,
            "ftp": 1, "listen": 1,
        },
        hours=_LATE_DAY,
    ),
    "server_job": Profile(
        weights={
            "query": 10, "mirror_pages": 5, "copy": 5, "packages": 3, "ask_time": 3, "look_up": 8, "mail": 3,
            "call": 5, "listen": 1.5, "git": 3, "ftp": 2, "ping": 2, "remote": 3,
        },
        hours=_NIGHT_JOBS,
        pace=0.8,
    ),
    "sensor": Profile(
        weights={"publish": 20, "report": 7, "ask_time": 1, "look_up": 1},
        hours=_FLAT,
        period_s=2.4,
    ),
    "visitor": Profile(
        weights={"browse": 10, "browse_tls": 14, "search": 6, "log_in": 3, "miss": 3, "call": 3, "poll": 1},
        hours=_EVENING,
        pace=0.7,
    ),
}  # fmt: skip
"""Name to profile."""
