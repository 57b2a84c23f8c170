"""The derived columns of group `conn` follow from the measured ones alone."""

from __future__ import annotations

import polars as pl
import pytest

from clan.errors import SchemaError
from clan.schema import CONN_MEASURED, features_of
from clan.sources.conn import complete


def _flow(**values: int | None) -> pl.DataFrame:
    measured = dict.fromkeys(CONN_MEASURED, 0) | values
    return pl.DataFrame(
        {"protocol": [6], **{k: [v] for k, v in measured.items()}}, schema_overrides=dict.fromkeys(measured, pl.Int64)
    )


def test_every_column_of_the_group_comes_out_in_its_order_and_type() -> None:
    found = complete(_flow())
    assert dict(found.drop("protocol").schema) == {f.name: f.dtype for f in features_of(["conn"])}


def test_a_refused_connection_is_not_established() -> None:
    row = complete(_flow(conn_fwd_syn=1, conn_bwd_rst=1, conn_fwd_packets=1, conn_bwd_packets=1)).row(0, named=True)
    assert (row["conn_established"], row["conn_refused"], row["conn_answered"]) == (0, 1, 1)


def test_a_reset_after_the_handshake_is_no_refusal() -> None:
    row = complete(_flow(conn_fwd_syn=1, conn_bwd_syn=1, conn_bwd_rst=1, conn_bwd_packets=2)).row(0, named=True)
    assert (row["conn_established"], row["conn_refused"]) == (1, 0)


def test_an_answered_datagram_is_established() -> None:
    row = complete(_flow(conn_bwd_packets=1).with_columns(protocol=17)).row(0, named=True)
    assert (row["conn_udp"], row["conn_established"]) == (1, 1)


def test_rates_and_means_of_nothing_are_zero_and_of_the_unknown_unknown() -> None:
    row = complete(_flow()).row(0, named=True)
    assert row["conn_fwd_bytes_mean"] == row["conn_bytes_per_s"] == row["conn_bwd_share"] == 0
    assert complete(_flow(conn_fwd_bytes=None)).row(0, named=True)["conn_bytes_per_s"] is None


def test_rates_are_per_second() -> None:
    row = complete(_flow(conn_duration=2_000_000, conn_fwd_bytes=300, conn_bwd_bytes=100, conn_fwd_packets=4)).row(
        0, named=True
    )
    assert row["conn_bytes_per_s"] == pytest.approx(200)
    assert row["conn_fwd_bytes_mean"] == pytest.approx(75)
    assert row["conn_bwd_share"] == pytest.approx(0.25)


def test_flags_that_the_source_cannot_tell_stay_unknown() -> None:
    row = complete(_flow(conn_fwd_syn=None, conn_bwd_syn=None, conn_bwd_rst=None)).row(0, named=True)
    assert row["conn_established"] is None
    assert row["conn_refused"] is None


def test_a_missing_measurement_is_named() -> None:
    with pytest.raises(SchemaError, match="conn_fwd_bytes"):
        complete(_flow().drop("conn_fwd_bytes"))
