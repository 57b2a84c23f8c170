"""The picture of the hosts with most alerts."""

from __future__ import annotations

import polars as pl

from clan.alerts.quantity import compact
from clan.alerts.report import svg
from clan.alerts.report.axis import whole_ticks
from clan.alerts.text import visible
from clan.counted import counted

_WIDTH, _HEIGHT = 520, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 156, 118, 34, 24
_HOSTS = 10


def host_counts(scored: pl.DataFrame) -> pl.DataFrame:
    """Count alerts and flows by host, the host with most alerts first.

    Args:
        scored: Flows with `src_ip`, `dst_ip` and `alert`.

    Returns:
        Columns `host`, `sent` (alerts where it is the originator), `received` (alerts where it is the responder) and
        `flows` (all its flows); only hosts with alerts.
    """
    alert = pl.col("alert").fill_null(value=False).cast(pl.Int64)
    none = pl.lit(0, pl.Int64)
    ends = pl.concat(
        [
            scored.select(pl.col("src_ip").alias("host"), alert.alias("sent"), none.alias("received")),
            scored.select(pl.col("dst_ip").alias("host"), none.alias("sent"), alert.alias("received")),
        ]
    )
    return (
        ends.drop_nulls("host")
        .group_by("host")
        .agg(pl.col("sent").sum(), pl.col("received").sum(), pl.len().cast(pl.Int64).alias("flows"))
        .filter(pl.col("sent") + pl.col("received") > 0)
        .sort(pl.col("sent") + pl.col("received"), pl.col("host"), descending=[True, False])
    )


def host_picture(scored: pl.DataFrame) -> str:
    """Draw the hosts with most alerts, by the side of the flow that they were on.

    Args:
        scored: Flows with `src_ip`, `dst_ip` and `alert`.

    Returns:
        An SVG element.
    """
    hosts = host_counts(scored)
    if hosts.is_empty():
        known = scored["src_ip"].null_count() < scored.height
        return svg.blank(_WIDTH, _HEIGHT, "No host raised an alert" if known else "This source has no addresses")
    shown = hosts.head(_HOSTS)
    high = float((shown["sent"] + shown["received"]).max())  # type: ignore[arg-type]
    pitch = min(24.0, (_HEIGHT - _TOP - _BOTTOM) / shown.height)
    floor = _TOP + pitch * shown.height

    def x(count: float) -> float:
        return _LEFT + count / high * (_WIDTH - _LEFT - _RIGHT)

    parts = []
    for tick in whole_ticks(high, 4):
        parts += [
            svg.line(x(tick), _TOP, x(tick), floor),
            svg.text(x(tick), floor + 16, compact(tick), anchor="middle"),
        ]
    for i, (host, sent, received, flows) in enumerate(shown.iter_rows()):
        top, thick = _TOP + i * pitch + pitch * 0.16, pitch * 0.68
        parts += [
            svg.text(_LEFT - 8, top + thick / 2 + 4, _short(host), style="host", anchor="end"),
            svg.bar(_LEFT, top, x(sent) - _LEFT, thick, style="alert", tip=f"{counted(sent, 'alert')} from {host}"),
            svg.bar(
                x(sent), top, x(received) - _LEFT, thick, style="usual", tip=f"{counted(received, 'alert')} to {host}"
            ),
            svg.text(x(sent + received) + 7, top + thick / 2 + 4, f"{_share(sent + received, flows)} of its flows"),
        ]
    parts += [svg.line(_LEFT, _TOP, _LEFT, floor, style="axis"), svg.text(4, 14, "alerts", style="title")]
    for style, words, left in (("alert", "as source", _WIDTH - 190), ("usual", "as destination", _WIDTH - 104)):
        parts += [svg.bar(left, 5, 11, 11, style=style), svg.text(left + 17, 15, words, style="title")]
    return svg.picture(_WIDTH, _HEIGHT, parts, label="Hosts with most alerts")


def _short(host: str) -> str:
    """Fit an address into the margin: the middle of a long IPv6 address is left out."""
    host = visible(host)
    return host if len(host) <= 19 else f"{host[:10]}…{host[-8:]}"


def _share(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 1 else "<1 %"
