"""The four levels of clan in the words and numbers of every format: the one table."""

from __future__ import annotations

from typing import Final, NamedTuple


class Level(NamedTuple):
    """A level of severity in other people's scales.

    Attributes:
        name: clan's word for it.
        syslog: RFC 5424 severity, 0 (emergency) to 7 (debug).
        cef: CEF severity, 0 to 10.
        risk: Score from 0 to 100: ECS `event.severity` and `event.risk_score_norm`, OCSF `risk_score`; the upper three
            are those of Elastic's detection rules.
        ocsf: OCSF `severity_id`, 1 (informational) to 6 (fatal).
        ocsf_name: Its caption.
    """

    name: str
    syslog: int
    cef: int
    risk: int
    ocsf: int
    ocsf_name: str


LEVELS: Final = {
    1: Level("high", 2, 8, 73, 4, "High"),
    2: Level("medium", 4, 5, 47, 3, "Medium"),
    3: Level("low", 5, 3, 21, 2, "Low"),
    4: Level("marginal", 6, 1, 5, 1, "Informational"),
}
"""By EVE's number, which is clan's own."""
