"""What a model learnt, in words: clusters of normal that are there, and a curve that falls when more is seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from tests.detect.flow_tables import flow_table

from clan.detect import ClanDetector
from clan.explain import learnt
from clan.explain.learning_curve import LearningCurve, learning_curve
from clan.explain.normal import normal_clusters


def services(n: int = 400) -> tuple[pl.DataFrame, np.ndarray]:
    """Three quarters DNS of three hosts, a quarter HTTPS of one, as far apart as can be."""
    web = np.arange(n) % 4 == 0
    flows = pl.DataFrame(
        {
            "uid": [f"C{i}" for i in range(n)],
            "src_ip": np.where(web, "10.0.0.9", np.char.add("10.0.0.", (np.arange(n) % 3).astype(str))),
            "dst_ip": np.where(web, "198.51.100.1", "10.0.0.53"),
            "dst_port": np.where(web, 443, 53),
            "protocol": np.where(web, 6, 17),
            "conn_fwd_payload": np.where(web, 2000, 40),
            "conn_duration": np.where(web, 3_000_000, 900),
        }
    )
    noise = np.random.default_rng(0).normal(0, 0.1, (n, 3))
    return flows, (np.where(web, 5.0, -5.0)[:, None] + noise).astype(np.float32)


def test_clusters_are_told_in_words() -> None:
    flows, scaled = services()
    found = normal_clusters(flows, scaled, n_clusters=2)
    assert [cluster.share for cluster in found] == [0.75, 0.25]
    assert found[0].services == (("UDP to port 53", 1.0),)
    assert (found[0].n_sources, found[0].n_destinations) == (3, 1)
    sentence = found[1].sentence
    assert sentence.startswith(
        "25.0% of flows: TCP to port 443 (100%); 1 source to 1 destination; in the middle 2,000 bytes out, 3 s long"
    )
    assert found[1].example in flows.filter(dst_port=443)["uid"]


def test_ports_that_systems_hand_out_are_no_name() -> None:
    flows, scaled = services()
    high = flows.with_columns(dst_port=pl.col("dst_port") + 40_000)
    assert normal_clusters(high, scaled, n_clusters=1)[0].services[0][0] == "UDP to high ports"


def test_what_has_no_ports_is_named_without() -> None:
    flows, scaled = services()
    rows = np.arange(len(flows))
    echo = flows.with_columns(  # codes of one type are not told apart
        src_port=pl.Series(np.where(rows % 4 == 0, 3, 8)),
        dst_port=pl.Series(np.where(rows % 4 == 0, rows % 3, 0)),
        protocol=pl.lit(1),
    )
    (cluster,) = normal_clusters(echo, scaled, n_clusters=1)
    assert cluster.services == (("ICMP type 8", 0.75), ("ICMP type 3", 0.25))
    tunnel = flows.with_columns(protocol=pl.lit(47))
    assert normal_clusters(tunnel, scaled, n_clusters=1)[0].services == (("GRE", 1.0),)


def test_a_table_without_addresses_has_clusters_too() -> None:
    _, scaled = services()
    found = normal_clusters(pl.DataFrame({"x": scaled[:, 0]}), scaled, n_clusters=2)
    assert [cluster.n_sources for cluster in found] == [None, None]
    assert found[0].sentence == "75.0% of flows: various services"


def test_more_clusters_than_kinds_of_flows_are_not_asked_for() -> None:
    flows, _ = services(40)
    assert len(normal_clusters(flows, np.zeros((40, 2), np.float32), n_clusters=8)) == 1


def test_the_curve_falls_where_the_latest_flows_are_not_all_there_is() -> None:
    generator = np.random.default_rng(1)
    kinds = generator.normal(0, 30, (60, 5))
    which = np.arange(6000) // 40 % 60  # the kinds come one after the other, so a short look back misses some
    rows = (kinds[which] + generator.normal(0, 0.1, (6000, 5))).astype(np.float32)
    curve = learning_curve(rows, order=None)
    assert curve is not None
    assert curve.n_flows == (600, 1200, 2400, 4800)
    assert curve.unlike[0] > 0.3
    assert curve.unlike[-1] < 0.1


def test_the_order_is_that_of_time() -> None:
    rows = np.random.default_rng(2).normal(size=(900, 3)).astype(np.float32)
    shuffled = np.random.default_rng(3).permutation(900)
    assert learning_curve(rows, order=None) == learning_curve(rows[shuffled], order=shuffled)


def test_few_flows_have_no_curve() -> None:
    assert learning_curve(np.zeros((399, 2), np.float32), order=None) is None


@pytest.mark.parametrize(
    ("unlike", "end"),
    [
        ((0.5, 0.3, 0.2, 0.1), "twice as much traffic would bring about 5.0%"),
        ((0.1, 0.02, 0.011, 0.0108), "more of the same traffic would change little"),
        ((0.0, 0.0, 0.0, 0.0), "more of the same traffic would change little"),
        ((0.8, 0.8, 0.8, 0.78), "the traffic changed meanwhile, so what comes next may be unlike what was learnt"),
        ((0.1, 0.1, 0.1, 0.2), "more of the same traffic would change little"),
    ],
)
def test_the_sentence_says_whether_more_would_help(unlike: tuple[float, ...], end: str) -> None:
    assert LearningCurve(n_flows=(1, 2, 4, 8), unlike=unlike).sentence.endswith(end)


def test_the_report_is_json_and_takes_unknown_values() -> None:
    flows = flow_table(500).with_columns(pl.when(pl.arange(0, 500) > 9).then(pl.col("fwd_pkt_cnt")))
    detector = ClanDetector(fpr=0.05, scorer="feature_prototypes", random_state=0).fit(flows)
    report = learnt(detector, flows)
    text = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert sum(cluster["share"] for cluster in text["clusters"]) == pytest.approx(1, abs=0.01)
    assert len(text["learning_curve"]["unlike"]) == 4


def test_the_last_flows_are_the_latest() -> None:
    """A new kind of flow at the end is what nobody saw before, wherever its rows stand in the table."""
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(0, 1, (80, 2)), generator.normal(50, 1, (20, 2))])
    values = np.concatenate([values] * 5)
    late = np.concatenate([np.arange(80), np.arange(80, 100)] * 5)
    begin = datetime(2024, 5, 1, tzinfo=UTC)
    order = np.array([int((begin + timedelta(seconds=float(t))).timestamp()) for t in late])
    curve = learning_curve(values.astype(np.float32), order=order)
    assert curve is not None
    assert curve.unlike[-1] == 1.0
