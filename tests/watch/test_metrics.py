"""Prometheus gets figures by its conventions, with labels whose number is bounded."""

from __future__ import annotations

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.watch.snapshots import EVIL, snapshot

from clan.errors import SourceUnavailable
from clan.watch.metrics import MOST_LABELS, Metrics
from clan.watch.snapshot import Snapshot


def served(shown: Snapshot) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What a scrape brings, by name and labels."""
    with Metrics("127.0.0.1", 0) as metrics:
        metrics.update(shown)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_scrape() -> None:
    found = served(snapshot())
    for key, value in {
        ("clan_flows_total", ()): 12_345,
        ("clan_packets_total", ()): 1_234_567,
        ("clan_alerts_total", (("severity", "high"),)): 2,
        ("clan_alerts_total", (("severity", "medium"),)): 0,
        ("clan_named_alerts_total", (("name", "port_scan"),)): 3,
        ("clan_dropped_total", (("reason", "kernel_dropped_packets"),)): 7,
        ("clan_budget_expected_alerts", ()): 12.3,
        ("clan_budget_expected_alerts_high", ()): 20,
        ("clan_p_value_bucket", (("le", "0.001"),)): 3,
        ("clan_p_value_bucket", (("le", "+Inf"),)): 12_345,
        ("clan_p_value_sum", ()): 6100.5,
        ("clan_scoring_seconds_total", ()): 1.25,
        ("clan_model_info", (("model_id", "c003723a6cd0"),)): 1,
        ("clan_sink_sent_total", (("sink", "file"),)): 14,
        ("clan_resident_memory_bytes", ()): 412_000_000,
        ("clan_advice", (("advice", "none"),)): 1,
        ("clan_advice", (("advice", "retrain"),)): 0,
        ("clan_budget_verdict", (("verdict", "holding"),)): 1,
        ("clan_drift_score_index", ()): 0.01,
        ("clan_incidents_total", ()): 3,
        ("clan_store_bytes", ()): 65_536,
    }.items():
        assert found[key] == pytest.approx(value), key


def test_labels_are_bounded_and_harmless() -> None:
    many = {f"class {i} {EVIL}": i + 1 for i in range(500)}
    sinks = {f"sink {i}": {"sent": 1, "dropped": {"rejected": 2}} for i in range(500)}
    found = served(snapshot(labels=many, sinks=sinks))
    names = [labels[0][1] for (name, labels) in found if name == "clan_named_alerts_total"]
    assert len(names) == MOST_LABELS + 1
    assert all(name.isprintable() for name in names)
    assert sum(n for (name, _), n in found.items() if name == "clan_named_alerts_total") == sum(many.values())
    assert sum(name == "clan_sink_sent_total" for name, _ in found) == MOST_LABELS


def test_nothing_before_the_first_snapshot_and_a_port_that_is_taken() -> None:
    with Metrics("127.0.0.1", 0) as metrics:
        assert list(metrics.collect()) == []
        with pytest.raises(SourceUnavailable, match=r"cannot serve metrics on 127.0.0.1:.*set another metrics.port"):
            Metrics("127.0.0.1", metrics.port)
