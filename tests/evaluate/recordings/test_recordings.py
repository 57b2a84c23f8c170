"""Labelled captures: filters, splits by network, and metrics in which each capture weighs the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.errors import ConfigError, SourceUnavailable
from clan.evaluate.metrics import auroc, threshold_at_fpr
from clan.evaluate.recordings import FIGURES, judge_captures, read_index, split_by_network, split_by_time
from clan.evaluate.recordings.display_filter import flow_condition
from clan.evaluate.recordings.metrics import (
    capture_weights,
    highest,
    weighted_auroc,
    weighted_recall,
    weighted_threshold,
)

SCORES = st.lists(st.integers(0, 6), min_size=1, max_size=20)


@given(SCORES, SCORES)
def test_with_equal_weights_the_metrics_are_the_plain_ones(low: list[int], high: list[int]) -> None:
    one, two = np.ones(len(low)), np.ones(len(high))
    assert weighted_auroc(low, one, high, two) == pytest.approx(auroc(low, high))
    assert weighted_threshold(low, one, 0.25) == threshold_at_fpr(low, 0.25)


@given(SCORES, SCORES, st.integers(2, 4))
def test_a_flow_of_weight_k_is_k_flows(low: list[int], high: list[int], k: int) -> None:
    weights = np.array([k] + [1] * (len(low) - 1))
    repeated = [low[0]] * (k - 1) + low
    ones = np.ones(len(high))
    many = np.ones(len(repeated))
    assert weighted_auroc(low, weights, high, ones) == pytest.approx(weighted_auroc(repeated, many, high, ones))
    assert weighted_recall(low, weights, high, ones, 0.2) == weighted_recall(repeated, many, high, ones, 0.2)


def test_long_captures_do_not_outweigh_short_ones() -> None:
    captures = ["long"] * 9 + ["short"]
    assert weighted_threshold([5.0] * 9 + [1.0], capture_weights(captures), 0.5) == 1.0
    assert highest([1.0, 3.0, 2.0], ["a", "a", "b"], least=2) == {"a": 3.0}


FLOWS = pl.DataFrame(
    {
        "src_ip": ["10.0.0.1", "10.0.0.1", "2001:db8::1", "10.0.0.9"],
        "dst_ip": ["10.0.0.2", "10.0.0.3", "2001:db8::2", "10.0.0.2"],
        "src_port": [4000, 4001, 4002, None],
        "dst_port": [22, 445, 53, None],
        "protocol": [6, 6, 17, 1],
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("ip.addr==10.0.0.2", [0, 3]),
        ("ip.addr==10.0.0.1 && ip.addr==10.0.0.3", [1]),
        ("ip.addr == 10.0.0.1 && tcp && not tcp.port==22", [1]),
        ("ip.addr==10.0.0.9 || (ip.addr==10.0.0.1 && (tcp.port==445 || tcp.port==135))", [1, 3]),
        ("udp.port eq 53 or icmp", [2, 3]),
        ("ipv6.addr==2001:0db8::0001", [2]),
        ("!tcp", [2, 3]),
        ("arp", []),
        ("tcp.port==53", []),
    ],
)
def test_display_filters(text: str, rows: list[int]) -> None:
    found = FLOWS.with_row_index("row").filter(flow_condition(text))["row"].to_list()
    assert found == rows


@pytest.mark.parametrize(
    "text",
    ["", "ip.addr==", "ip.addr==10.0.0", "(tcp", "tcp tcp", "http.request", "tcp.port==70000", "(" * 50, "x" * 9999],
)
def test_filters_that_are_not_understood(text: str) -> None:
    with pytest.raises(ConfigError, match="display filter"):
        flow_condition(text)


def flows_of(networks: dict[str, str], n: int = 4) -> pl.DataFrame:
    """A capture of n flows for each network; values name their labels."""
    rows: list[dict[str, Any]] = [
        {
            "capture": f"{network}.pcap",
            "label": label,
            "network": network,
            "choosing": network < "m",
            "timing_flag": None,
            "same_traffic": "shared" if "shared" in network else None,
            "position": float(i),
            "count": float(n),
        }
        for network, label in networks.items()
        for i in range(n)
    ]
    return pl.DataFrame(rows, schema_overrides={"timing_flag": pl.String, "same_traffic": pl.String})


def test_networks_are_on_one_side_and_shared_traffic_trains_nothing() -> None:
    names = {f"{letter}{'shared' if letter in 'bc' else ''}": "benign" for letter in "abcdefgh"}
    flows = flows_of(names | {"zshared": "scan"})
    for seed in range(5):
        split = split_by_network(flows, seed)
        assert not set(split.train["network"]) & set(split.benign["network"])
        assert not split.train["same_traffic"].drop_nulls().len()
        assert set(split.attack["label"]) == {"scan"}
    assert split_by_network(flows, 1).train.equals(split_by_network(flows, 1).train)


def test_long_captures_are_split_by_time() -> None:
    split = split_by_time(flows_of({"long": "benign", "other": "scan"}, n=60))
    assert (split.train.height, split.benign.height) == (42, 18)
    assert split.train["position"].max() == 41


def test_judgement_of_scores_that_tell_all_and_nothing() -> None:
    flows = flows_of({f"b{n}": "benign" for n in range(20)} | {"x": "scan", "y": "scan", "a": "scan"})
    benign, attack = flows.filter(pl.col("label") == "benign"), flows.filter(pl.col("label") == "scan")
    zeros, ones = np.zeros(benign.height), np.ones(attack.height)
    good = judge_captures(benign, attack, zeros, ones)
    assert [good[name] for name in FIGURES] == [1.0] * 4
    blind = judge_captures(benign, attack, zeros, ones * 0)
    assert [blind[name] for name in FIGURES] == [
        0.5,
        0,
        0,
        0.5,
    ]
    assert good["choosing_macro_auroc"] is None  # four flows are too few for a class
    assert good["reporting_macro_auroc"] == 1.0


def test_a_folder_without_a_list(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="expected a folder of labelled captures"):
        read_index(tmp_path)


def test_the_list_of_the_test_data(test_data: Path) -> None:
    recordings = read_index(test_data / "captures")
    assert {each.benign for each in recordings} == {True, False}
    for each in recordings:
        if each.attack_filter:
            flow_condition(each.attack_filter)
    halves = {each.network: each.choosing for each in recordings if each.benign}
    assert 0.3 < np.mean([*halves.values()]) < 0.7
