"""One of a thing has no plural, however the count is written."""

from __future__ import annotations

import pytest

from clan.alerts.quantity import quantity
from clan.counted import counted
from clan.sources.report import ReadReport, told


@pytest.mark.parametrize(
    ("n", "form", "text"), [(1, ",", "1 flow"), (0, ",", "0 flows"), (1_000, ",", "1,000 flows"), (1.0, "g", "1 flow"),
                            (1.0, ".1f", "1.0 flows"), (0.999, ".2g", "1 flow"), (0.5, "g", "0.5 flows")]
)  # fmt: skip
def test_what_reads_as_one_is_one(n: float, form: str, text: str) -> None:
    assert counted(n, "flow", form=form) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1, "packets", "1 packet"), (0.99999, "packets", "1 packet"), (2, "packets", "2 packets"), (1, "us", "1 us"),
     (1, "s", "1 s"), (1, "bytes/s", "1 byte/s"), (1, "ratio", "1"), (1, "class", "1"), (1, "bytes^2", "1 bytes^2"),
     (1.5, "ports", "1.5 ports"), (1, "", "1")],
)  # fmt: skip
def test_units_of_one(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_counters_of_one_have_their_verb_in_the_singular() -> None:
    assert told("not_ip", 1).startswith("1 frame that carries no IP")
    assert told("not_ip", 2).startswith("2 frames that carry no IP")
    assert told("bad_packet_blocks", 1) == "1 packet block that contradicts itself"
    assert told("orphan_fragments", 1) == "1 later IP fragment whose first fragment was not seen"
    assert told("sampled_out_packets", 1).startswith("1 packet of flows that were not followed")
    assert told("overlong_lines", 1) == "1 line that is too long to be a record"


def test_the_account_of_a_reading_of_one() -> None:
    report = ReadReport(streams=1)
    report.counts.update({"records": 1, "malformed_records": 1})
    assert report.why_no_flows() == "no flows were read: 1 record in 1 stream; 1 record that cannot be read"
