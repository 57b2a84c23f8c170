"""Suricata's events as flows: one record each, other events counted, its alerts carried along."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.sources.suricata.events import FLOW, alert, flow, lines, netflow

from clan.errors import MalformedRecord, NoFlows
from clan.schema import CARRIED, IDENTITY, features_of
from clan.sources import FlowReader, read_flows
from clan.sources.records import RecordStream
from clan.sources.suricata import source


def write(tmp_path: Path, content: str | bytes) -> str:
    (tmp_path / "eve.json").write_bytes(content.encode() if isinstance(content, str) else content)
    return str(tmp_path / "eve.json")


def one(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    return read_flows(write(tmp_path, lines([{**FLOW, **changes}]))).row(0, named=True)


def test_what_a_flow_says(tmp_path: Path) -> None:
    row = one(tmp_path)
    assert row.keys() == {**IDENTITY, **CARRIED, **{f.name: f.dtype for f in features_of(["conn"])}}.keys()
    assert (row["uid"], row["protocol"], row["dst_port"]) == ("100", 6, 443)
    assert row["ts_start"] == datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC)
    assert row["conn_duration"] == 1_500_000
    assert (row["conn_fwd_bytes"], row["conn_bwd_bytes"]) == (1308 - 12 * 14, 9660 - 10 * 14)
    flags = [row[f"conn_{side}_{flag}"] for flag in ("syn", "fin", "rst") for side in ("fwd", "bwd")]
    assert flags == [1, 1, 1, 0, 0, 1]
    assert (row["conn_service_tls"], row["conn_service_other"], row["conn_established"]) == (1, 0, 1)
    assert (row["conn_fwd_payload"], row["conn_state_sf"], row["conn_missed_bytes"]) == (None, None, None)


def test_no_flags_are_unknown_for_tcp_and_none_for_udp(tmp_path: Path) -> None:
    assert one(tmp_path, tcp=None)["conn_fwd_syn"] is None
    udp = one(tmp_path, proto="UDP", tcp=None, app_proto="failed")
    assert (udp["conn_fwd_syn"], udp["conn_service_tls"], udp["conn_service_other"]) == (0, 0, 0)


def test_icmp_has_type_and_answer_for_ports(tmp_path: Path) -> None:
    icmp = {"proto": "ICMP", "icmp_type": 8, "icmp_code": 0, "src_port": None, "dest_port": None}
    row = one(tmp_path, **icmp)
    assert (row["src_port"], row["dst_port"], row["protocol"]) == (8, 0, 1)
    six = one(tmp_path, src_ip="fe80:0000:0000:0000:0000:0000:0000:0001", dest_ip="ff02::1", proto="IPv6-ICMP")
    assert (six["src_ip"], six["protocol"]) == ("fe80::1", 58)
    assert one(tmp_path, proto="GRE")["protocol"] == 47
    assert one(tmp_path, proto="099")["protocol"] == 99
    assert one(tmp_path, vlan=[100, 20])["vlan"] == "100.20"


def test_other_events_are_counted_and_lose_nothing(tmp_path: Path) -> None:
    others = [{"timestamp": FLOW["timestamp"], "event_type": kind} for kind in ("stats", "dns", "dns", "made-up")]
    reader = FlowReader([write(tmp_path, lines([others[0], flow(1), *others[1:], flow(2)]))])
    assert sum(batch.height for batch in reader.batches()) == 2
    counts = reader.report.counts
    assert (counts["stats_events"], counts["dns_events"], counts["other_events"], counts["flow_events"]) == (1, 2, 1, 2)
    assert reader.report.losses() == {"records_of_other_types": 4}


def test_alerts_of_suricata_are_carried_and_are_no_features(tmp_path: Path) -> None:
    alerted = flow(3) | {"flow": {**flow(3)["flow"], "alerted": True}}
    events = [alert(1, "first"), alert(1, "second"), flow(1), flow(2), alerted]
    flows = read_flows(write(tmp_path, lines(events)))
    assert flows["source_alert"].to_list() == ["first", None, "(its alert is not in this log)"]


def test_only_so_many_alerts_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_ALERTS", 2)
    reader = FlowReader(
        [write(tmp_path, lines([*(alert(i, f"a{i}") for i in range(5)), *(flow(i) for i in range(5))]))]
    )
    flows = pl.concat(list(reader.batches()))
    assert flows["source_alert"].to_list() == [None, None, None, "a3", "a4"]
    assert reader.report.counts["forgotten_alerts"] == 3


def test_directions_of_netflow_events_are_joined(tmp_path: Path) -> None:
    both = [netflow(1), netflow(1, back=True), netflow(2)]
    flows = read_flows(write(tmp_path, lines(both)))
    first, second = flows.rows(named=True)
    whole = read_flows(write(tmp_path, lines([flow(1)]))).row(0, named=True)
    assert first == whole
    assert (second["conn_fwd_packets"], second["conn_bwd_packets"], second["conn_bwd_rst"]) == (12, 0, 0)


def test_netflow_events_beside_flow_events_say_the_same_again(tmp_path: Path) -> None:
    reader = FlowReader([write(tmp_path, lines([netflow(1), flow(1), netflow(1, back=True)]))])
    assert sum(batch.height for batch in reader.batches()) == 1
    assert reader.report.losses() == {"records_of_other_types": 2}


@pytest.mark.parametrize("piece", [1, 2, 3])
def test_directions_are_joined_where_a_piece_ends_between_them(piece: int) -> None:
    events = [netflow(1), netflow(1, back=True), netflow(2), netflow(3), netflow(3, back=True), netflow(4)]
    stream = RecordStream("eve.json", source.EveParser("eve.json"))
    cut = [lines(events[i : i + piece]).encode() for i in range(0, len(events), piece)]
    flows = pl.concat([*(batch for part in cut for batch in stream.take(part)), *stream.release()])
    assert flows["conn_fwd_packets"].to_list() == [12] * 4
    assert (flows["conn_bwd_packets"] > 0).to_list() == [True, False, True, False]


BAD = {
    "cut": lines([flow(1)])[:-30].encode(),
    "no UTF-8": lines([flow(1)]).encode().replace(b"TCP", b"T\xff\xfe"),
    "a count that is text": lines([flow(1)]).encode().replace(b'"pkts_toserver":12', b'"pkts_toserver":"x"'),
    "no time": lines([flow(1)]).encode().replace(b"2023-11-14T", b"yesterday "),
    "a flow that is a number": b'{"timestamp":"","event_type":"flow","flow":7}',
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_line_costs_one_line(what: str, tmp_path: Path) -> None:
    content = lines([flow(2), flow(3)]).encode() + BAD[what].rstrip(b"\n") + b"\n" + lines([flow(4)]).encode()
    reader = FlowReader([write(tmp_path, content)])
    assert sum(batch.height for batch in reader.batches()) == 3
    assert reader.report.losses() == {"malformed_records": 1}
    with pytest.raises(MalformedRecord, match=r"eve\.json"):
        read_flows(tmp_path / "eve.json", strict=True)


def test_a_log_without_flow_events_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoFlows, match=r"add flow to the types of eve-log in suricata\.yaml"):
        read_flows(write(tmp_path, lines([alert(1, "x")])))


def test_real_log(test_data: Path) -> None:
    reader = FlowReader([str(test_data / "flows" / "suricata" / "eve.json")])
    flows = pl.concat(list(reader.batches()))
    counts = reader.report.counts
    assert (flows.height, counts["records"], counts["alert_events"], counts["malformed_records"]) == (
        3512,
        5000,
        745,
        0,
    )
    assert reader.kind == "suricata"
    assert flows.filter(pl.col("source_alert").is_not_null()).height == 366
