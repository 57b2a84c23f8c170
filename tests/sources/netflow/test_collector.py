"""Datagrams become records: each version, templates and what goes wrong with them, sampling, losses."""

from __future__ import annotations

import struct
import tracemalloc
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.sources.netflow.export import (
    EXPORTED_S,
    UPTIME_MS,
    V4_FIELDS,
    address,
    ipfix,
    record_set,
    template,
    v4_record,
    v5,
    v9,
)

from clan.sources.netflow.collector import Collector
from clan.sources.netflow.domain import MAX_TEMPLATES
from clan.sources.netflow.held_templates import HeldTemplates
from clan.sources.netflow.template import VARIABLE, FieldSpec, make_template
from clan.sources.netflow.waiting import SET_BYTES, WaitingSets

_BOOT = 1_699_999_990_000
_1970 = 2_208_988_800
"""Seconds of 1970 on the clock of NTP."""
LOW = int.from_bytes(address("10.0.0.1"), "big")


def collect(*datagrams: bytes) -> tuple[list[dict[str, object]], Counter[str]]:
    collector = Collector()
    for datagram in datagrams:
        collector.feed(datagram)
    records = collector.take()
    collector.finish()
    return records.to_dicts(), +collector.counts


def at(ms_since_boot: int, *, nanos: int = 0) -> int:
    """Time of an uptime, us."""
    return EXPORTED_S * 1_000_000 + nanos // 1000 + (ms_since_boot - UPTIME_MS) * 1000


def test_v5() -> None:
    (record,), counts = collect(v5([v4_record()]))
    assert (record["src_lo"], record["src_port"], record["dst_port"], record["protocol"]) == (LOW, 40000, 80, 6)
    assert (record["packets"], record["bytes"], record["flags"]) == (10, 1000, 0x1B)
    assert record["start"] == at(UPTIME_MS - 5000, nanos=500_000_000)
    assert record["end"] == at(UPTIME_MS - 1000, nanos=500_000_000)
    assert record["back_packets"] is None
    assert counts == {"datagrams": 1, "datagram_bytes": 72, "records": 1}


def test_v9_reads_each_kind_of_record_by_its_template_in_the_order_that_they_came() -> None:
    six: tuple[tuple[int, int], ...] = ((27, 16), (28, 16), (153, 8), (152, 8), (1, 8), (2, 3), (4, 1))
    body = address("2001:db8::1") + address("fe80::2") + struct.pack(">QQQ", 1_700_000_002_500, 1_700_000_001_250, 99)
    datagram = v9(
        template(256, V4_FIELDS),
        template(300, six),
        record_set(256, v4_record(packets=1)),
        record_set(300, (body + bytes([0, 1, 2]) + b"\x11") * 2),
        record_set(256, v4_record(packets=4)),
    )
    records, counts = collect(datagram)
    assert [r["packets"] for r in records] == [1, 258, 258, 4]
    assert (records[1]["version"], records[1]["src_hi"], records[1]["dst_lo"]) == (6, 0x20010DB8 << 32, 2)
    assert (records[1]["start"], records[1]["end"]) == (1_700_000_001_250_000, 1_700_000_002_500_000)
    assert records[1]["flags"] is None  # their template has none
    assert counts["records"] == 4


def test_ipfix_skips_what_it_does_not_know_whatever_its_length() -> None:
    fields = (
        (1000, VARIABLE),
        (8, 4),
        (7, 3, 9),
        (12, 4),
        (82, VARIABLE),
        (1, 4),
        (2, 4),
        (1, 4, 29305),
        (2, 4, 29305),
    )
    datagram = ipfix(
        template(400, fields, ipfix=True),
        record_set(
            400,
            b"".join(
                bytes([len(name)]) + name + address("10.0.0.1") + b"abc" + address("10.0.0.2")
                + b"\xff" + struct.pack(">H", 300) + bytes(300) + struct.pack(">IIII", 100, 2, 300, 4)
                for name in (b"", b"x" * 200)
            ),
        ),
    )  # fmt: skip
    records, counts = collect(datagram)
    assert [(r["bytes"], r["packets"], r["back_bytes"], r["back_packets"]) for r in records] == [(100, 2, 300, 4)] * 2
    assert records[0]["dst_lo"] == LOW + 1
    assert counts["records_without_times"] == 2
    assert records[0]["end"] == EXPORTED_S * 1_000_000


@pytest.mark.parametrize(
    ("elements", "values", "expected"),
    [
        (((150, 4), (151, 4)), struct.pack(">II", 1000, 1002), (1_000_000_000, 1_002_000_000)),
        (((154, 8), (155, 8)), struct.pack(">IIII", _1970 + 10, 1 << 31, _1970 + 11, 0), (10_500_000, 11_000_000)),
        (
            ((158, 4), (159, 4)),
            struct.pack(">II", 3_000_000, 1),
            (EXPORTED_S * 1_000_000 - 3_000_000, EXPORTED_S * 1_000_000 - 1),
        ),
        (((152, 8), (161, 4)), struct.pack(">QI", 5000, 250), (5_000_000, 5_250_000)),
        (((153, 8), (162, 4)), struct.pack(">QI", 5000, 250), (4_999_750, 5_000_000)),
        (((160, 8), (22, 4), (21, 4)), struct.pack(">QII", _BOOT, 1, 2), (_BOOT * 1000 + 1000, _BOOT * 1000 + 2000)),
    ],
)  # fmt: skip
def test_every_way_to_tell_the_time(
    elements: tuple[tuple[int, int], ...], values: bytes, expected: tuple[int, int]
) -> None:
    ends = address("10.0.0.1") + address("10.0.0.2")
    (record,), _ = collect(
        ipfix(template(256, ((8, 4), (12, 4), *elements), ipfix=True), record_set(256, ends + values))
    )
    assert (record["start"], record["end"]) == expected


def test_an_uptime_that_has_wrapped_is_of_the_recent_past() -> None:
    late = v9(template(256, V4_FIELDS), record_set(256, v4_record(first=(1 << 32) - 500, last=100)), uptime=200)
    (record,), _ = collect(late)
    assert record["end"] == EXPORTED_S * 1_000_000 - 100_000
    assert record["start"] == EXPORTED_S * 1_000_000 - 700_000


def test_the_start_of_a_v9_exporter_is_the_best_that_its_whole_seconds_tell() -> None:
    """Its clock reads 0.2 s and then 0.9 s behind the second: what it sends first and last lies apart as it should."""
    fields = template(256, V4_FIELDS)
    one = v9(fields, record_set(256, v4_record(first=UPTIME_MS, last=UPTIME_MS)), uptime=UPTIME_MS + 900)
    two = v9(record_set(256, v4_record(first=UPTIME_MS, last=UPTIME_MS)), uptime=UPTIME_MS + 200, sequence=1)
    three = v9(record_set(256, v4_record(first=UPTIME_MS, last=UPTIME_MS)), uptime=UPTIME_MS + 900, sequence=2)
    records, _ = collect(one, two, three)
    assert records[1]["start"] == records[2]["start"]


def test_times_that_cannot_be_are_counted_and_mended() -> None:
    records, counts = collect(v5([v4_record(first=UPTIME_MS, last=UPTIME_MS - 1000)]))
    assert counts["records_with_impossible_times"] == 1
    assert records[0]["start"] == records[0]["end"]


def test_icmp_has_type_and_answering_type_as_ports() -> None:
    records, _ = collect(
        v5(
            [
                v4_record(protocol=1, ports=(0, 8 << 8)),
                v4_record("10.0.0.2", "10.0.0.1", protocol=1, ports=(0, 0)),
                v4_record(protocol=1, ports=(0, 3 << 8 | 1)),
            ]
        )
    )
    assert [(r["src_port"], r["dst_port"]) for r in records] == [(8, 0), (0, 8), (3, 1)]


def test_a_biflow_that_was_reported_backward_is_turned() -> None:
    fields = ((8, 4), (12, 4), (2, 4), (2, 4, 29305), (239, 1))
    body = address("10.0.0.2") + address("10.0.0.1") + struct.pack(">IIB", 7, 5, 2)
    (record,), _ = collect(ipfix(template(256, fields, ipfix=True), record_set(256, body)))
    assert (record["src_lo"], record["packets"], record["back_packets"]) == (LOW, 5, 7)


def test_records_wait_for_their_template() -> None:
    data, fields = record_set(256, v4_record()), template(256, V4_FIELDS)
    records, counts = collect(v9(data), v9(data, sequence=1), v9(fields, sequence=2))
    assert len(records) == counts["records"] == counts["sets_before_template"] == 2
    assert "sets_without_template" not in counts
    assert "lost_datagrams" not in counts


def test_templates_belong_to_their_domain() -> None:
    records, counts = collect(v9(template(256, V4_FIELDS)), v9(record_set(256, v4_record()), source=7))
    assert records == []
    assert counts["sets_without_template"] == 1


def test_what_waits_is_bounded_for_all_exporters_together() -> None:
    early = WaitingSets(5 * SET_BYTES)
    one, other = Collector(early=early), Collector(early=early)
    for i in range(5):
        one.feed(v9(record_set(256 + i, b"1234"), source=i % 2))
        other.feed(v9(record_set(256, v4_record(packets=i)), source=i % 2))
        assert early.n_bytes <= 5 * SET_BYTES
    assert one.counts["sets_without_template"] + other.counts["sets_without_template"] == 6
    other.feed(v9(template(256, V4_FIELDS)))
    assert other.take()["packets"].to_list() == [4]  # the last of that domain
    one.finish()
    other.finish()
    assert early.n_bytes == 0
    assert one.counts["sets_without_template"] == one.counts["sets_before_template"] == 5
    assert other.counts["sets_without_template"] == 4


def test_small_sets_take_no_more_memory_than_they_are_counted_for() -> None:
    early = WaitingSets()
    collector = Collector(early=early)
    tracemalloc.start()
    for domain in range(20):
        collector.feed(v9(*(record_set(256 + i, b"1234") for i in range(1000)), source=domain))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < early.n_bytes


def test_empty_sets_are_counted_and_not_kept() -> None:
    collector = Collector()
    collector.feed(v9(*[record_set(256, b"")] * 100))
    assert collector.early.n_bytes == 0
    assert +collector.counts == {"datagrams": 1, "datagram_bytes": 420, "empty_sets": 100}


def test_a_template_that_changes_leaves_earlier_records_alone() -> None:
    shorter = V4_FIELDS[:5]
    records, _ = collect(
        v9(template(256, V4_FIELDS), record_set(256, v4_record())),
        v9(template(256, shorter), record_set(256, v4_record()[:13]), sequence=1),
    )
    assert [r["packets"] for r in records] == [10, None]


def test_templates_can_be_withdrawn_and_are_bounded() -> None:
    withdrawn = record_set(2, struct.pack(">HH", 256, 0))
    _, counts = collect(
        ipfix(template(256, V4_FIELDS, ipfix=True)), ipfix(withdrawn), ipfix(record_set(256, v4_record()))
    )
    assert counts["sets_without_template"] == 1
    _, counts = collect(v9(*(template(256 + i, V4_FIELDS[:2]) for i in range(MAX_TEMPLATES + 5))))
    assert counts["refused_templates"] == 5


def test_templates_of_all_exporters_are_bounded_together_and_come_back_when_announced_again() -> None:
    held, counts = HeldTemplates(100_000), [Counter[str](), Counter[str]()]
    honest, flood = (Collector(each, held=held) for each in counts)
    ours = template(256, V4_FIELDS)
    honest.feed(v9(ours, record_set(256, v4_record())))
    honest.feed(v5([v4_record()]))
    for domain in range(40):
        flood.feed(v9(*(template(256 + i, V4_FIELDS) for i in range(10)), source=domain))
    assert 90_000 < held.n_bytes <= 100_000
    assert counts[0]["forgotten_templates"] == 2
    assert counts[1]["forgotten_templates"] > 300
    assert sum(len(domain.templates) for domain in flood._domains.values()) + counts[1]["forgotten_templates"] == 400
    honest.feed(v9(record_set(256, v4_record()), sequence=1))
    assert counts[0]["sets_before_template"] == 1
    honest.feed(v9(ours, sequence=2))
    honest.feed(v5([v4_record()]))
    assert honest.take().height == 4
    assert counts[0]["sets_without_template"] == 0


def test_templates_that_are_withdrawn_or_announced_again_are_counted_once() -> None:
    held = HeldTemplates()
    collector = Collector(held=held)
    collector.feed(ipfix(template(256, V4_FIELDS, ipfix=True)))
    once = held.n_bytes
    collector.feed(ipfix(template(256, V4_FIELDS, ipfix=True)))
    assert held.n_bytes == once > 0
    collector.feed(ipfix(record_set(2, struct.pack(">HH", 256, 0))))
    assert held.n_bytes == 0


@pytest.mark.parametrize("fields", [[], [(8, 0)], [(8, 65000), (12, 65000)]])
def test_templates_that_no_record_can_follow(fields: list[tuple[int, int]]) -> None:
    assert make_template([FieldSpec(number, 0, length) for number, length in fields], options=False) is None


def test_the_rate_of_a_v5_header_is_undone() -> None:
    (record,), counts = collect(v5([v4_record()], sampling=0x4000 | 100))
    assert (record["packets"], record["bytes"]) == (1000, 100_000)
    assert counts["sampled_records"] == 1


def test_rates_of_options_go_to_the_records_of_their_sampler() -> None:
    options = template(512, ((1, 4), (48, 1), (50, 4)), scopes=1)
    told = record_set(512, struct.pack(">IBI", 0, 1, 10) + struct.pack(">IBI", 0, 2, 1000))
    fields = (*V4_FIELDS, (48, 1))
    records, counts = collect(
        v9(options, told, template(256, fields)),
        v9(record_set(256, b"".join(v4_record(packets=3) + bytes([i]) for i in (1, 2, 3))), sequence=1),
    )
    assert [r["packets"] for r in records] == [30, 3000, 3]
    assert (counts["options_records"], counts["sampled_records"]) == (2, 2)


def test_a_rate_may_be_so_many_taken_and_so_many_passed_over() -> None:
    options = template(512, ((149, 4), (305, 4), (306, 4)), ipfix=True, scopes=1)
    fields = template(256, V4_FIELDS, ipfix=True)
    told = record_set(512, struct.pack(">III", 0, 1, 49))
    records, _ = collect(ipfix(options, told, fields, record_set(256, v4_record(packets=2))))
    assert records[0]["packets"] == 100


def test_counts_that_no_link_could_carry_stay_numbers() -> None:
    fields = ((8, 4), (12, 4), (1, 8), (2, 8), (34, 4))
    body = address("10.0.0.1") + address("10.0.0.2") + struct.pack(">QQI", (1 << 64) - 1, 1 << 63, 0xFFFFFFFF)
    (record,), _ = collect(v9(template(256, fields), record_set(256, body)))
    assert 0 < record["bytes"] < 1 << 62 > record["packets"] > 0  # type: ignore[operator]


@pytest.mark.parametrize(
    ("datagrams", "expected"),
    [
        ([v5([v4_record()] * 2), v5([v4_record()], sequence=2)], {}),
        ([v5([v4_record()] * 2), v5([v4_record()], sequence=7)], {"lost_records": 5, "sequence_gaps": 1}),
        ([v9(), v9(sequence=4)], {"lost_datagrams": 3, "sequence_gaps": 1}),
        ([v9(), v9(sequence=2), v9(sequence=1), v9(sequence=3)], {"sequence_gaps": 1, "late_datagrams": 1}),
        ([v9(sequence=900), v9(sequence=1, uptime=10)], {"exporter_restarts": 1}),
        ([v9(sequence=5), v9(sequence=5 + (1 << 30))], {"exporter_restarts": 1}),
        ([v9(sequence=0xFFFFFFFF), v9(sequence=0)], {}),
    ],
)
def test_gaps_in_the_sequence(datagrams: list[bytes], expected: dict[str, int]) -> None:
    _, counts = collect(*datagrams)
    assert {name: n for name, n in counts.items() if not name.startswith(("datagram", "record"))} == expected


@pytest.mark.parametrize(
    ("datagram", "counter", "records"),
    [
        (b"", "unsupported_datagrams", 0),
        (b"\0\5", "malformed_datagrams", 0),
        (b"\0\7" + bytes(50), "unsupported_datagrams", 0),
        (v5([v4_record()], count=30), "malformed_datagrams", 1),
        (v9(template(256, V4_FIELDS), record_set(256, v4_record()))[:-4], "malformed_datagrams", 0),
        (v9(template(256, V4_FIELDS), record_set(256, v4_record()), b"\1\0\xff\xff"), "malformed_datagrams", 1),
        (v9(template(256, V4_FIELDS), record_set(256, v4_record()), b"\1\0\0\0"), "malformed_datagrams", 1),
        (v9(record_set(0, struct.pack(">HHHH", 256, 9000, 8, 4))), "malformed_datagrams", 0),
        (ipfix(template(256, V4_FIELDS, ipfix=True), length=4000), "malformed_datagrams", 0),
        (ipfix(length=3), "malformed_datagrams", 0),
    ],
)
def test_datagrams_that_lie_about_their_length(datagram: bytes, counter: str, records: int) -> None:
    found, counts = collect(datagram)
    assert counts[counter] == 1
    assert len(found) == records


def test_a_variable_length_that_reaches_beyond_the_set_ends_it() -> None:
    fields = ((8, 4), (12, 4), (82, VARIABLE))
    good = address("10.0.0.1") + address("10.0.0.2") + b"\2ab"
    for lie in (b"\xfe", b"\xff\xff\xff", b"\xff\xff"):
        body = good + address("10.0.0.1") + address("10.0.0.2") + lie
        records, _ = collect(ipfix(template(256, fields, ipfix=True), record_set(256, body)))
        assert len(records) == 1


def test_random_bytes_are_survived() -> None:
    """Datagrams changed at random: whatever comes of them, nothing is raised and every record is whole."""
    rng, collector = np.random.default_rng(5), Collector()
    fields = ((8, 4), (12, 4), (82, VARIABLE), (1, 4), (153, 8))
    starts = [
        v5([v4_record()] * 3),
        v9(template(256, V4_FIELDS), record_set(256, v4_record() * 3), template(512, ((1, 4), (34, 4)), scopes=1)),
        ipfix(template(300, fields, ipfix=True), record_set(300, bytes(90))),
    ]
    for i in range(3000):
        data = bytearray(starts[i % 3])
        for _ in range(rng.integers(1, 5)):
            data[rng.integers(len(data))] = rng.choice([0, 1, 4, 255, int(rng.integers(256))])
        collector.feed(bytes(data[: rng.integers(len(data) + 1)] if i % 4 == 0 else data))
        if i % 500 == 0:
            collector.take()
    records = collector.take()
    assert records.height
    assert (records["start"] <= records["end"]).all()
    assert records["end"].max() < datetime(2101, 1, 1, tzinfo=UTC).timestamp() * 1e6  # type: ignore[operator]
