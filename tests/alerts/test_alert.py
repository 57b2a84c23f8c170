"""Alert records carry what the table says, and grade it against the budget."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from tests.alerts.frames import ALPHA, START, THRESHOLD, alerts_of, scored_frame

from clan.alerts import Explanation, alerts_from, severity_of
from clan.errors import DataError


def test_one_record_for_each_flagged_row_in_order() -> None:
    frame = scored_frame(200, 5)
    alerts = alerts_of(frame)
    assert [a.uid for a in alerts] == frame.filter(pl.col("alert"))["uid"].to_list()
    assert all(len(a.reasons) == 5 for a in alerts)
    assert {(a.threshold, a.alpha, a.model_id) for a in alerts} == {(THRESHOLD, ALPHA, "office-1")}


def test_times_are_utc_and_exact_to_the_microsecond() -> None:
    moment = START + timedelta(microseconds=123_457)
    frame = scored_frame(3, 1).with_columns(pl.lit(moment).dt.cast_time_unit("us").alias("ts_start"))
    (alert,) = alerts_of(frame)
    assert alert.timestamp == moment
    assert alert.timestamp.utcoffset() == timedelta(0)


def test_counts_come_from_the_features_and_are_none_without_them() -> None:
    frame = scored_frame(10, 1)
    (alert,) = alerts_of(frame)
    assert alert.packets_fwd == frame["fwd_pkt_cnt"][-1]
    assert alert.payload_bytes_bwd == frame["bwd_pkt_len_tot"][-1]
    (bare,) = alerts_from(frame.drop("fwd_pkt_cnt"), [Explanation()], threshold=0.5, alpha=0.01, model_id="m")
    assert bare.packets_fwd is None


def test_unavailable_identity_stays_none() -> None:
    nulls = [pl.lit(None).cast(pl.Int64).alias(c) for c in ("src_port", "dst_port", "protocol")]
    frame = scored_frame(3, 1).with_columns(*nulls, pl.lit(None, pl.Datetime("us", "UTC")).alias("ts_start"))
    (alert,) = alerts_of(frame)
    assert (alert.src_port, alert.dst_port, alert.protocol, alert.transport, alert.timestamp) == (None,) * 5


def test_no_alerts_and_no_rows_give_no_records() -> None:
    assert alerts_from(scored_frame(5, 0), [], threshold=0.5, alpha=0.01, model_id="m") == []
    assert alerts_from(scored_frame(5, 0).clear(), [], threshold=0.5, alpha=0.01, model_id="m") == []


def test_wrong_number_of_reasons_is_refused() -> None:
    with pytest.raises(DataError, match="each of 2 alerts, got 1"):
        alerts_from(scored_frame(5, 2), [Explanation()], threshold=0.5, alpha=0.01, model_id="m")


def test_unscored_table_is_refused() -> None:
    with pytest.raises(DataError, match="lacks p_value, alert"):
        alerts_from(scored_frame(5, 2).drop("p_value", "alert"), [], threshold=0.5, alpha=0.01, model_id="m")


@pytest.mark.parametrize(
    ("p_value", "expected"), [(1e-9, 1), (1e-4, 1), (2e-4, 2), (1e-3, 2), (5e-3, 3), (6e-3, 4), (0.5, 4)]
)
def test_severity_grades_the_p_value_against_the_budget(p_value: float, expected: int) -> None:
    assert severity_of(p_value, 0.01) == expected
