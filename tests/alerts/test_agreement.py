"""How far alerts agree with those of the source: flows are counted where the source raises alerts, and nowhere else."""

from __future__ import annotations

import polars as pl
from msgspec.structs import replace
from tests.alerts.attacks import guessing

from clan.alerts import Agreement

(ALERT,) = guessing(1)


def test_flows_are_counted_by_what_both_say() -> None:
    agreement = Agreement()
    agreement.hear(pl.DataFrame({"source_alert": ["x", None, "y", "z"]}))
    agreement.hear(pl.DataFrame({"source_alert": ["x"]}))
    agreement.agree([replace(ALERT, source_alert="x"), ALERT, replace(ALERT, source_alert="")])
    assert (agreement.theirs, agreement.both) == (4, 2)
    assert agreement.sentence(3) == "the source itself alerted on 4 flows: 2 of them among the 3 alerts here"


def test_a_source_without_alerts_says_nothing() -> None:
    agreement = Agreement()
    agreement.hear(pl.DataFrame({"uid": ["C1"]}))
    agreement.hear(pl.DataFrame({"source_alert": [None]}, schema={"source_alert": pl.String}))
    agreement.agree([ALERT])
    assert agreement.sentence(2) == ""
