"""The sentence says what hosts did where it can, and never formats what an attacker wrote."""

from __future__ import annotations

import polars as pl
import pytest
from msgspec.structs import replace

from clan.alerts import Reason
from clan.explain.hosts import Ends, ends_of, history_of
from clan.explain.sentence import sentence_of
from clan.schema import GROUPS, features_of

ENDS = Ends(src="10.0.0.5", dst="10.0.0.9", port="443")


def reason(feature: str, value: float, high: float, unit: str = "", meaning: str = "", low: float = 0.0) -> Reason:
    return Reason(
        feature=feature, value=value, unit=unit, benign_quantile=1.0, benign_low=low, benign_high=high, distance=2.0,
        meaning=meaning, normal_value=1.0,
    )  # fmt: skip


def test_what_hosts_did_comes_first() -> None:
    reasons = [reason("iat_max", 9.0, 2.0), reason("ctx_pair_ports_60s", 213.7, 6.2)]
    assert sentence_of(reasons, (), ENDS) == (
        "10.0.0.5 tried 214 ports of 10.0.0.9 within a minute; 99.9 % of benign flows see at most 6."
    )


def test_other_reasons_are_told_in_the_words_of_the_schema() -> None:
    gap = reason("iat_max", 3_200_000, 1_100_000, "us", "largest gap between packets")
    assert sentence_of([gap], (), ENDS) == (
        "10.0.0.5 to 10.0.0.9 port 443: largest gap between packets: 3.2 s; 99.9 % of benign flows have at most 1.1 s."
    )
    low = reason("x", 1, 9, low=5)
    assert "99.9 % of benign flows have at least 5" in sentence_of([low], (), ENDS)
    inside = reason("x", 6, 9, low=5)
    assert "the benign flow most like it has 1" in sentence_of([inside], (), ENDS)
    assert "none of its features" in sentence_of([], (), ENDS)


def test_values_that_are_usual_by_themselves_are_said_to_be_unusual_together() -> None:
    inside = [replace(reason("x", 6, 9, low=5), distance=0.0), replace(reason("y", 3, 9), distance=0.0)]
    together = "; no value is unusual by itself, their combination is"
    assert sentence_of(inside, (), ENDS).endswith(f"the benign flow most like it has 1{together}.")
    assert together not in sentence_of(inside[:1], (), ENDS)
    assert together not in sentence_of([*inside, reason("z", 12, 9)], (), ENDS)


def test_history_comes_behind_where_it_is_unusual() -> None:
    flows = pl.DataFrame({"src_ip": ["a", None], "dst_ip": ["b", "b"], "dst_port": [80, 80]}).with_columns(
        ctx_pair_ports_60s=pl.Series([40.0, 40.0]), ctx_src_flows_60s=pl.Series([0.2, None])
    )
    ends = ends_of(flows)
    history, unknown = history_of(flows, ends, {"ctx_pair_ports_60s": 3.0})
    assert [fact.words for fact in history] == ["a tried 40 ports of b within a minute"]
    assert history[0].sentence.endswith("(benign 99.9 % quantile 3 ports)")
    assert unknown == ()
    told = sentence_of([reason("x", 9, 2, "bytes")], history, ends[0])
    assert told.endswith("; before it, a tried 40 ports of b within a minute.")
    assert history_of(flows.select("src_ip"), ends, {}) == [(), ()]


def test_what_has_no_ports_is_named_in_their_place() -> None:
    flows = pl.DataFrame(
        {
            "src_ip": ["a"] * 5,
            "dst_ip": ["b"] * 5,
            "src_port": [8, 0, None, 1024, 1024],
            "dst_port": [0, 0, None, 80, None],
            "protocol": [1, 1, 47, 6, 6],
        }
    )
    ends = ends_of(flows)
    assert [end.title for end in ends] == [
        "a to b over ICMP type 8", "a to b over ICMP", "a to b over GRE", "a to b port 80", "a to b"
    ]  # fmt: skip
    phrase = {f.name: f.phrase for f in features_of(["context"])}["ctx_svc_flows_60s"]
    assert [end.say(phrase, 50.0) for end in (ends[0], ends[3])] == [
        "b was sent 50 flows over ICMP type 8 within a minute", "b was sent 50 flows on port 80 within a minute"
    ]  # fmt: skip


@pytest.mark.parametrize("feature", [f for f in features_of(["context"]) if f.phrase], ids=lambda f: f.name)
def test_every_phrase_is_filled(feature: object) -> None:
    ends, phrase = Ends(src="{dst}", dst="{0.x}", port="{"), feature.phrase  # type: ignore[attr-defined]
    said = ends.say(phrase, 7.0)
    assert "7" in said
    assert "{value}" not in said
    words = ends.say(phrase, 1.0).split()
    counted = words[words.index("1") + 1 :]
    assert next(word for word in counted if word not in ("failed", "destination")) in ("flow", "host", "port")


def test_every_feature_has_a_clause() -> None:
    for feature in features_of(list(GROUPS)):
        assert feature.clause
        assert ";" not in feature.clause
