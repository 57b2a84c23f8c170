"""Zeek's connections as flows: both forms of the log say the same, and nothing bad takes a neighbour with it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.sources.zeek.logs import ANSWERED, CONN, connections, header, lines, ndjson, text

from clan.errors import ConfigError, MalformedRecord, NoFlows, UnsupportedFormat
from clan.schema import CARRIED, IDENTITY, features_of
from clan.sources import FlowReader, read_flows

ROWS = connections(50)


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def one(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    """The flow of one connection, from both forms of the log, which must agree; None unsets a field."""
    row = {name: value for name, value in {**ANSWERED, **changes}.items() if value is not None}
    fields = [*CONN, *(name for name in changes if name not in CONN)]
    found = [
        read_flows(write(tmp_path / "conn.log", text([row], fields=fields))).drop("source"),
        read_flows(write(tmp_path / "conn.json", ndjson([row]))).drop("source"),
    ]
    assert found[0].equals(found[1])
    return found[0].row(0, named=True)


def test_columns_are_those_of_the_schema(tmp_path: Path) -> None:
    flows = read_flows(write(tmp_path / "conn.log", text(ROWS)))
    assert dict(flows.schema) == {**IDENTITY, **CARRIED, **{f.name: f.dtype for f in features_of(["conn"])}}


def test_what_a_connection_says(tmp_path: Path) -> None:
    flow = one(tmp_path)
    assert flow["uid"] == "C0"
    assert flow["ts_start"] == datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC)
    assert (flow["ts_end"] - flow["ts_start"]).total_seconds() == 1.5
    assert (flow["src_ip"], flow["src_port"], flow["protocol"]) == ("192.0.2.1", 40000, 6)
    assert (flow["conn_fwd_bytes"], flow["conn_bwd_payload"], flow["conn_bwd_packets"]) == (1140, 9000, 10)
    assert (flow["conn_established"], flow["conn_fwd_fin"], flow["conn_bwd_rst"]) == (1, 1, 0)
    assert (flow["conn_fwd_history_synack"], flow["conn_bwd_history_synack"], flow["conn_bwd_history_data"]) == (
        0,
        1,
        1,
    )
    assert (flow["conn_state_sf"], flow["conn_state_s0"], flow["conn_service_tls"]) == (1, 0, 1)
    assert flow["community_id"].startswith("1:")
    assert flow["conn_dns_queries"] is None  # there is no dns.log beside: nobody can tell


def test_one_packet_that_met_no_answer(tmp_path: Path) -> None:
    """Zeek leaves duration and payload unset; the IP bytes say what was sent."""
    unset = dict.fromkeys(["duration", "orig_bytes", "resp_bytes", "service"])
    zero = {"resp_pkts": 0, "resp_ip_bytes": 0, "orig_pkts": 1, "conn_state": "S0"}
    syn = one(tmp_path, **unset, **zero, history="S", orig_ip_bytes=60)
    assert (syn["conn_duration"], syn["conn_fwd_payload"], syn["conn_established"]) == (0, 0, 0)
    dhcp = one(tmp_path, **unset, **zero, history="D", orig_ip_bytes=328, proto="udp")
    assert (dhcp["conn_fwd_payload"], dhcp["conn_bwd_payload"], dhcp["conn_fwd_syn"]) == (300, 0, 0)
    assert sum(value for name, value in dhcp.items() if name.startswith("conn_service")) == 0


def test_icmp_is_told_from_icmpv6(tmp_path: Path) -> None:
    assert one(tmp_path, proto="icmp")["protocol"] == 1
    six = one(tmp_path, **{"proto": "icmp", "id.orig_h": "fe80:0::1", "id.resp_h": "FF02::2"})
    assert (six["protocol"], six["src_ip"], six["dst_ip"]) == (58, "fe80::1", "ff02::2")
    assert one(tmp_path, proto="unknown_transport", ip_proto=47)["protocol"] == 47
    assert one(tmp_path, proto="unknown_transport")["protocol"] == 255


def test_several_services_flipped_direction_and_vlans(tmp_path: Path) -> None:
    flow = one(tmp_path, service="gssapi,smb", history="^hADr", vlan=100, inner_vlan=20)
    assert (flow["conn_service_smb"], flow["conn_service_other"], flow["conn_flipped"]) == (1, 1, 1)
    assert (flow["conn_bwd_rst"], flow["vlan"]) == (1, "100.20")


def test_times_in_both_forms(tmp_path: Path) -> None:
    assert one(tmp_path, ts="2023-11-14T22:13:20.250000Z") == one(tmp_path)


def test_gzip_is_read_through_and_order_is_that_of_the_ends(tmp_path: Path) -> None:
    plain = read_flows(write(tmp_path / "conn.log", text(ROWS))).drop("source")
    packed = read_flows(write(tmp_path / "conn.log.gz", gzip.compress(ndjson(ROWS).encode()))).drop("source")
    assert plain.equals(packed)
    assert plain["uid"].is_sorted()


def test_header_that_comes_again_with_other_columns(tmp_path: Path) -> None:
    """Files of a rotation are put together with cat; a site that changes its columns loses nothing."""
    turned = list(reversed(CONN))
    content = text(ROWS[:20]) + text(ROWS[20:40]) + header(fields=turned) + lines(ROWS[40:], turned)
    flows = read_flows(write(tmp_path / "conn.log", content))
    assert flows.drop("source").equals(read_flows(write(tmp_path / "c.log", text(ROWS))).drop("source"))


def test_another_separator(tmp_path: Path) -> None:
    content = header(separator="|") + lines(ROWS, separator="|")
    assert read_flows(write(tmp_path / "conn.log", content)).height == 50


def test_a_column_that_is_not_there_is_unknown_and_not_zero(tmp_path: Path) -> None:
    fields = [name for name in CONN if name not in ("history", "orig_pkts", "service", "missed_bytes", "resp_bytes")]
    flow = read_flows(write(tmp_path / "conn.log", text(ROWS, fields=fields))).row(0, named=True)
    unknown = ("conn_fwd_syn", "conn_fwd_packets", "conn_service_tls", "conn_missed_bytes", "conn_bwd_payload")
    assert [flow[name] for name in unknown] == [None] * 5
    assert flow["conn_fwd_payload"] == 500


BAD = {
    "fewer columns": "1700000000.1\tC1\n",
    "more columns": lines(ROWS[:1]).rstrip("\n") + "\tmore\n",
    "no number": lines([{**ROWS[0], "orig_pkts": "many"}]),
    "no UTF-8": b"\xff\xfe" + lines(ROWS[:1]).encode(),
    "no address": lines([{**ROWS[0], "id.orig_h": "here"}]),
    "no port": lines([{**ROWS[0], "id.resp_p": 70000}]),
    "before time": lines([{**ROWS[0], "ts": -5}]),
    "no end": lines([{**ROWS[0], "duration": "1e30"}]),
    "below nothing": lines([{**ROWS[0], "resp_ip_bytes": -4}]),
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_line_costs_one_line(what: str, tmp_path: Path) -> None:
    line = BAD[what] if isinstance(BAD[what], bytes) else str(BAD[what]).encode()
    content = header().encode() + lines(ROWS[1:25]).encode() + line + lines(ROWS[25:]).encode()  # type: ignore[operator]
    reader = FlowReader([write(tmp_path / "conn.log", content)])
    assert sum(batch.height for batch in reader.batches()) == 49
    assert reader.report.losses() == {"malformed_records": 1}
    assert len(reader.report.warnings) == 1
    with pytest.raises(MalformedRecord, match=r"conn\.log"):
        read_flows(tmp_path / "conn.log", strict=True)


BAD_JSON = {
    "no JSON": "{broken",
    "a list": "[1, 2]",
    "a number": "7",
    "wrong type": ndjson([{**ROWS[0], "orig_pkts": "many"}]).strip(),
    "no number": ndjson([ROWS[0]]).strip().replace("12", "NaN"),
    "deep": "[" * 20_000,
    "no uid": ndjson([{k: v for k, v in ROWS[0].items() if k != "uid"}]).strip(),
}


@pytest.mark.parametrize("what", BAD_JSON)
def test_one_bad_line_of_json_costs_one_line(what: str, tmp_path: Path) -> None:
    content = ndjson(ROWS[1:25]) + BAD_JSON[what] + "\n" + ndjson(ROWS[25:])
    reader = FlowReader([write(tmp_path / "conn.log", content)])
    assert sum(batch.height for batch in reader.batches()) == 49
    assert reader.report.losses() == {"malformed_records": 1}
    assert reader.report.counts["records"] == 50


def test_a_cut_end_is_told(tmp_path: Path) -> None:
    reader = FlowReader([write(tmp_path / "conn.log", (header() + lines(ROWS))[:-30])])
    assert sum(batch.height for batch in reader.batches()) == 49
    assert any("ends within a line" in warning for warning in reader.report.warnings)
    with pytest.raises(MalformedRecord, match=r"ends within a line|columns where"):
        read_flows(tmp_path / "conn.log", strict=True)


def test_records_that_are_there_twice_count_once(tmp_path: Path) -> None:
    reader = FlowReader([write(tmp_path / "conn.log", text([*ROWS, *ROWS[:10]]))])
    assert sum(batch.height for batch in reader.batches()) == 50
    assert reader.report.losses() == {"duplicate_records": 10}


def test_records_of_another_log_in_the_same_stream_are_counted(tmp_path: Path) -> None:
    rows = [{**row, "_path": "conn"} for row in ROWS] + [{"ts": 1.0, "uid": "C1", "_path": "weird"}]
    reader = FlowReader([write(tmp_path / "all.log", ndjson(rows))])
    assert sum(batch.height for batch in reader.batches()) == 50
    assert reader.report.losses() == {"records_of_other_types": 1}


def test_logs_that_are_joined_are_not_passed_over(tmp_path: Path) -> None:
    http = text([], "http", ["ts", "uid", "id.orig_h"])
    write(tmp_path / "conn.log.labeled", text(ROWS))
    write(tmp_path / "http.log.labeled", http)
    write(tmp_path / "http.of-another-day.log", http)
    write(tmp_path / "weird.log", text([], "weird", ["ts", "uid"]))
    reader = FlowReader([str(tmp_path)])
    assert sum(batch.height for batch in reader.batches()) == 50
    assert sorted(Path(path).name for path in reader.report.skipped) == ["http.of-another-day.log", "weird.log"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (text([], "http", ["ts", "uid", "id.orig_h"]), "it is a Zeek http.log, which is joined where it lies beside"),
        (text([], "weird", ["ts", "uid"]), "it is a Zeek weird.log; connections are in conn.log"),
        (
            ndjson([{"ts": 1, "uid": "C", "id.orig_h": "192.0.2.1", "qtype": 3}]),
            "and not conn.log: it has no conn_state",
        ),
        ("#separator \\x09\n#path\tconn\n", "a Zeek conn.log|without #fields"),
    ],
)
def test_another_log_says_what_it_is(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=message):
        read_flows(write(tmp_path / "x.log", content))


def test_format_forced_on_another_log(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"a Zeek http\.log where a conn\.log was expected"):
        read_flows(write(tmp_path / "x.log", text([], "http", ["ts", "uid"])), format_name="zeek")
    with pytest.raises(NoFlows, match="1 record in 1 stream; 1 record that cannot be read"):
        read_flows(write(tmp_path / "y.log", ndjson([{"a": 1}])), format_name="zeek")


def test_a_header_without_what_a_flow_needs(tmp_path: Path) -> None:
    fields = [name for name in CONN if name != "id.resp_h"]
    reader = FlowReader([write(tmp_path / "conn.log", text(ROWS, fields=fields))])
    with pytest.raises(NoFlows, match=r"its header lacks id\.resp_h"):
        list(reader.batches())


def test_zeek_cannot_tell_group_flow(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="zeek cannot tell feature group 'flow'"):
        FlowReader([write(tmp_path / "conn.log", text(ROWS))], features=["flow"])


def test_workers_change_nothing(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"conn.{i}.log", text(ROWS)) for i in range(2)]
    assert read_flows(paths, workers=2).equals(read_flows(paths, workers=1))


def test_labels_are_found_and_are_no_features(tmp_path: Path) -> None:
    labelled = [{**row, "label": "Malicious", "detailedlabel": "PortScan"} for row in ROWS]
    flows = read_flows(write(tmp_path / "conn.log", text(labelled, fields=[*CONN, "label", "detailedlabel"])))
    assert flows.select("label", "label_detail").unique().rows() == [("Malicious", "PortScan")]
    crowded = header(fields=[*CONN[:-1], "tunnel_parents   label   detailed-label"])
    crowded += "".join(line + "   Benign   -\n" for line in lines(ROWS).splitlines())
    flows = read_flows(write(tmp_path / "iot.log", crowded))
    assert flows.select("label", "label_detail").unique().rows() == [("Benign", None)]


@pytest.mark.parametrize(
    ("path", "n", "first"),
    [
        ("001-malicious/labeled-conn.log", 992, "Background"),
        ("002-port-scan/conn.log", 4504, None),
        ("006-ssh/conn.log", 18, None),
        ("008-mixed/data/conn.log.labeled", 5663, "Benign"),
        ("slips-test9-mixed/conn.log", 576, None),
        ("slips-test14-malicious/conn.log", 1, None),
    ],
)
def test_real_logs(path: str, n: int, first: str | None, test_data: Path) -> None:
    reader = FlowReader([str(test_data / "flows" / "zeek" / path)])
    flows = pl.concat(list(reader.batches()))
    assert (flows.height, reader.report.counts["malformed_records"], reader.report.warnings) == (n, 0, [])
    assert flows["label"].value_counts(sort=True)["label"][0] in (first, "Malicious")
    always = [
        name
        for name in flows.columns
        if name.startswith("conn_") and not name.startswith(("conn_dns", "conn_tls", "conn_http"))
    ]
    assert flows.select(always).null_count().sum_horizontal().item() == 0
