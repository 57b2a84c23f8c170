"""The pictures count every flow once, on the right side of the threshold and in the right place."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from scipy.stats import poisson
from tests.alerts.frames import HOSTILE, THRESHOLD, scored_frame

from clan.alerts import Reason
from clan.alerts.report.host_picture import host_counts, host_picture
from clan.alerts.report.range_picture import budget_picture, range_picture
from clan.alerts.report.score_picture import score_picture
from clan.alerts.report.time_picture import _poisson_quantile, time_picture


def tips(svg: str, style: str) -> list[str]:
    """The tips of all bars of a style; parsing also proves that the picture is well-formed XML."""
    root = ElementTree.fromstring(svg)
    titles = [
        bar.find("{*}title") for bar in root.iter("{http://www.w3.org/2000/svg}rect") if bar.get("class") == style
    ]
    return [title.text or "" for title in titles if title is not None]


def total(found: list[str]) -> int:
    return sum(int(re.findall(r"[\d,]+", tip)[0].replace(",", "")) for tip in found)


@pytest.mark.parametrize("threshold", [-2.0, 0.0, THRESHOLD, 3.0])
def test_every_score_is_in_one_bar(threshold: float) -> None:
    scores = np.random.default_rng(0).normal(0.3, 0.3, 5_000)
    alert = scores >= threshold
    picture = score_picture(scores, alert, threshold)
    assert total(tips(picture, "benign")) == (~alert).sum()
    assert total(tips(picture, "alert")) == alert.sum()


def test_scores_that_are_not_finite_or_all_alike_are_drawn_around() -> None:
    picture = score_picture(np.array([0.5, np.nan, np.inf]), np.array([True, False, False]), 0.5)
    assert total(tips(picture, "alert")) == 1
    assert "No flow was scored" in score_picture(np.array([]), np.array([], dtype=bool), 0.5)


@pytest.mark.parametrize("span_s", [0.0, 0.5, 90.0, 9 * 3600.0, 40 * 86_400.0, 30 * 365 * 86_400.0])
def test_every_alert_is_in_one_bar_whatever_the_span(span_s: float) -> None:
    start = 1_709_625_600 + np.linspace(0.0, span_s, 700)
    alert = np.arange(700) % 7 == 0
    picture = time_picture(start, alert, 100.0)
    assert total(tips(picture, "alert")) + total(tips(picture, "usual")) == 100


def test_band_is_the_quantile_of_the_poisson_distribution() -> None:
    mean = np.concatenate([[0.0, 1e-9, 0.005, 0.01, 0.011], np.linspace(0.02, 900.0, 400)])
    counts = _poisson_quantile(0.99, mean)
    assert (poisson.cdf(counts, mean) >= 0.99 - 1e-9).all()
    assert (poisson.cdf(counts - 1, mean) < 0.99).all()


def test_burst_is_marked_and_steady_alerts_are_not() -> None:
    start = 1_709_625_600 + np.linspace(0.0, 36_000.0, 6_000)
    steady = np.arange(6_000) % 100 == 0
    assert tips(time_picture(start, steady, 60.0), "alert") == []
    burst = steady | ((np.arange(6_000) > 3_000) & (np.arange(6_000) < 3_050))
    assert total(tips(time_picture(start, burst, 60.0), "alert")) >= 49


def test_flows_without_time_are_left_out_of_time() -> None:
    start = np.array([1e9, np.nan, 1e9 + 60])
    picture = time_picture(start, np.array([True, True, False]), 1.0)
    assert total(tips(picture, "alert")) + total(tips(picture, "usual")) == 1


def test_hosts_are_counted_on_both_sides() -> None:
    frame = pl.DataFrame(
        {"src_ip": ["a", "a", "b", None], "dst_ip": ["b", "c", "a", "b"], "alert": [True, False, True, True]}
    )
    assert host_counts(frame).rows() == [("b", 1, 2, 3), ("a", 1, 1, 3)]


def test_host_picture_escapes_and_shortens() -> None:
    long = "2001:db8:85a3:8d3:1319:8a2e:370:7348"
    frame = scored_frame(50, 5).with_columns(pl.lit(HOSTILE).alias("src_ip"), pl.lit(long).alias("dst_ip"))
    picture = host_picture(frame)
    assert total(tips(picture, "alert")) == 5
    assert picture.isprintable()
    assert "2001:db8:8…370:7348" in picture


@pytest.mark.parametrize("value", [-1e9, 0.0, 5.0, 1e12, float("inf")])
def test_range_picture_keeps_the_dot_inside(value: float) -> None:
    reason = Reason(
        feature="a", value=value, unit="", benign_quantile=1, benign_low=1.0, benign_high=9.0, distance=float(value > 9)
    )  # fmt: skip
    (dot,) = ElementTree.fromstring(range_picture(reason)).iter("{http://www.w3.org/2000/svg}circle")
    assert 5 <= float(dot.get("cx", "nan")) <= 215
    assert dot.get("class") == ("out" if value > 9 else "in")


@pytest.mark.parametrize(("observed", "style"), [(0, "benign"), (5, "benign"), (100_000, "alert")])
def test_budget_picture_warns_only_above(observed: int, style: str) -> None:
    (dot,) = ElementTree.fromstring(budget_picture(observed, 5.0, (1.0, 9.0))).iter(
        "{http://www.w3.org/2000/svg}circle"
    )
    assert dot.get("class") == style
