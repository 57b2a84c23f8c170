"""The report is one page that holds everything, loads nothing, and lets nothing from an attacker through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest
from msgspec import structs
from tests.alerts.frames import ALPHA, HOSTILE, THRESHOLD, alerts_of, hostile_frame, hostile_reason, scored_frame

from clan.alerts.report import ReportData, render
from clan.alerts.report.alert_list import MOST_ALERTS
from clan.errors import DataError

VOID = {"meta"}


class Page(HTMLParser):
    """Collects elements and attributes, and insists that every element is closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self.open.pop() == tag


def data(frame: pl.DataFrame, *, model: Mapping[str, object] | None = None) -> ReportData:
    return ReportData(
        title="Office, Tuesday",
        model=model if model is not None else {"model_id": "office-1", "columns": list(range(75)), "fpr": 0.01},
        counters={"packets_read": 12_345, "packets_dropped": 0},
        scored=frame,
        threshold=THRESHOLD,
        alpha=ALPHA,
        expected_alerts=4.0,
        expected_interval=(1.0, 9.0),
        alerts=alerts_of(frame),
    )


def test_page_is_well_formed_and_tells_what_was_asked() -> None:
    page = render(data(scored_frame(400, 6)))
    tree = Page(page)
    names = [tag for tag, _ in tree.elements]
    assert names.count("details") == 6
    for words in (
        "Office, Tuesday",
        "office.pcap",
        "As many alerts as the budget expects",
        "12,345",
        "threshold 0.5",
        "75 values",
    ):
        assert words in page
    for heading in ("Alerts over time", "Scores against the threshold", "Hosts with most alerts", "cannot tell"):
        assert heading in page


def test_page_tells_names() -> None:
    report = data(scored_frame(400, 2))
    named = [structs.replace(a, label="scan", likeliest_label="scan", label_probability=0.75) for a in report.alerts]
    page = render(replace(report, alerts=named, labels={"scan": 2}))
    assert page.count('<b class="name">scan 0.75</b>') == 2
    assert "named: 2 scan" in page


def test_page_loads_nothing_and_forbids_itself_to() -> None:
    page = render(data(scored_frame(400, 6)))
    tree = Page(page)
    policy = next(a["content"] for tag, a in tree.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert {"script", "link", "img", "iframe", "object", "embed", "a", "base", "form"}.isdisjoint(
        tag for tag, _ in tree.elements
    )
    for _, attributes in tree.elements:
        assert not {"src", "href", "style", "srcset"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert set(re.findall(r"https?://[^\"' <]*", page)) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in page
    assert "@import" not in page


def test_hostile_text_never_arrives_raw() -> None:
    report = data(hostile_frame(), model={"model_id": HOSTILE, HOSTILE: HOSTILE, "nested": {"a": HOSTILE}})
    report = replace(
        report,
        title=HOSTILE,
        counters={HOSTILE: 3},
        limits=[HOSTILE],
        version=HOSTILE,
        alerts_path=HOSTILE,
        labels={HOSTILE: 1},
        alerts=[
            structs.replace(
                a,
                reasons=(hostile_reason(),),
                model_id=HOSTILE,
                label="unknown",
                likeliest_label=HOSTILE,
                label_probability=0.5,
            )
            for a in report.alerts
        ]
        * 200,
    )
    page = render(report)
    tree = Page(page)
    assert "script" not in [tag for tag, _ in tree.elements]
    assert "<script" not in page
    assert "alert('1')" not in page
    assert all(char.isprintable() or char == "\n" for char in page)
    assert "\\u202e" in page


def test_flood_is_capped_by_p_value_and_says_where_the_rest_is() -> None:
    report = data(scored_frame(2_000, 800))
    page = render(replace(report, alerts_path="alerts.ndjson"))
    assert page.count("<details") == MOST_ALERTS
    assert f"{800 - MOST_ALERTS} are left out here, they are in alerts.ndjson" in page
    ranked = sorted(report.alerts, key=lambda a: a.p_value)
    assert f">{ranked[0].uid}<" in page
    assert f">{ranked[MOST_ALERTS].uid}<" not in page
    assert "write them with -o" in render(report)


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0, 5), "More alerts than"), ((6, 6), "As many alerts as the budget expects"), ((7, 9), "Fewer alerts than")],
)
def test_verdict_compares_with_the_interval(interval: tuple[float, float], verdict: str) -> None:
    assert verdict in render(replace(data(scored_frame(400, 6)), expected_interval=interval))


def test_what_to_do_is_told_to_its_end() -> None:
    advice = f"budget exceeded: {'one feature has moved, ' * 40}do not calibrate on them"
    assert "do not calibrate on them" in render(replace(data(scored_frame(400, 6)), holding=advice))


@pytest.mark.parametrize(("flows", "alerts"), [(0, 0), (1, 0), (1, 1), (400, 0), (400, 1)])
def test_few_or_no_flows_and_alerts_are_told(flows: int, alerts: int) -> None:
    frame = scored_frame(400, alerts)
    frame = frame.tail(flows) if flows else frame.clear()
    page = render(replace(data(scored_frame(400, alerts)), scored=frame))
    Page(page)
    assert page.count("<details") == alerts
    assert ("No flow was far enough" in page) == (alerts == 0)
    assert "nan" not in page.lower()


def test_source_without_times_or_addresses_is_told() -> None:
    nothing = [pl.lit(None, pl.Datetime("us", "UTC")).alias(c) for c in ("ts_start", "ts_end")]
    nothing += [pl.lit(None, pl.String).alias(c) for c in ("src_ip", "dst_ip", "source", "community_id")]
    page = render(data(scored_frame(100, 3).with_columns(nothing)))
    assert "This source has no times" in page
    assert "This source has no addresses" in page
    assert page.count("<details") == 3


def test_flow_without_reasons_says_so() -> None:
    report = data(scored_frame(50, 1))
    page = render(replace(report, counters={}, alerts=[structs.replace(report.alerts[0], reasons=())]))
    assert "No feature of this flow has a benign range" in page
    assert "Nothing was counted" in page


def test_same_data_give_the_same_page() -> None:
    assert render(data(scored_frame(300, 4))) == render(data(scored_frame(300, 4)))


def test_table_that_was_not_scored_is_refused() -> None:
    report = data(scored_frame(10, 1))
    with pytest.raises(DataError, match="lacks anomaly_score"):
        render(replace(report, scored=report.scored.drop("anomaly_score")))
