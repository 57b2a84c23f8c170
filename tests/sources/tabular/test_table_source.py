"""Tables of any tool: recognised by their columns or mapped by hand, labels kept out, bad lines counted, types kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clan.errors import ConfigError, MalformedRecord, NoFlows, SchemaError, UnsupportedFormat
from clan.sources import FlowReader, read_flows
from clan.sources.tabular import ColumnMap
from clan.sources.tabular.headers import LAYOUTS, find_layout

CIC = "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Total Bwd packets,Total Length of Fwd Packet,Total Length of Bwd Packet,Flow Bytes/s,Fwd RST Flags,Bwd RST Flags,Label\na,10.0.0.1,5,10.0.0.2,53,17,2017-07-06 12:39:06.818901,245,2,3,70,102,Infinity,0,1,BENIGN\n"  # noqa: E501
TABLES = {
    "cicflowmeter": CIC,
    "cicflowmeter-old": " Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration, Total Fwd Packets, Total Backward Packets,Total Length of Fwd Packets, Total Length of Bwd Packets,Init_Win_bytes_forward, Label\n10.0.0.1,5,10.0.0.2,53,17,07/07/2017 03:30,245,2,3,70,102,9,BENIGN\n",  # noqa: E501
    "nfstream": "id,src_ip,src_port,dst_ip,dst_port,protocol,bidirectional_first_seen_ms,bidirectional_last_seen_ms,bidirectional_duration_ms,bidirectional_packets,src2dst_packets,src2dst_bytes,dst2src_packets,dst2src_bytes,application_name\n0,10.0.0.1,5,10.0.0.2,53,17,1600000000000,1600000000245,245,5,2,70,3,102,DNS\n",  # noqa: E501
    "nprobe": "IPV4_SRC_ADDR,L4_SRC_PORT,IPV4_DST_ADDR,L4_DST_PORT,PROTOCOL,IN_BYTES,IN_PKTS,OUT_BYTES,OUT_PKTS,CLIENT_TCP_FLAGS,SERVER_TCP_FLAGS,FLOW_DURATION_MILLISECONDS,Label,Attack\n10.0.0.1,5,10.0.0.2,53,6,70,2,102,3,2,18,245,0,Benign\n",  # noqa: E501
    "unsw-nb15": "id,dur,proto,service,state,spkts,dpkts,sbytes,dbytes,ct_srv_src,ct_state_ttl,attack_cat,label\n1,0.245,udp,dns,CON,2,3,70,102,1,2,Normal,0\n",  # noqa: E501
}


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", TABLES)
def test_tools_are_recognised_by_their_columns(name: str, tmp_path: Path) -> None:
    names = [column.strip() for column in TABLES[name].split("\n")[0].split(",")]
    assert find_layout(names).name == name
    flow = read_flows(write(tmp_path / "a.csv", TABLES[name]), features=["conn"]).row(0, named=True)
    assert (flow["conn_fwd_packets"], flow["conn_bwd_packets"]) == (2, 3)
    assert flow["conn_duration"] in (245, 245_000)
    assert flow["protocol"] in (6, 17)
    assert flow["label"] in ("BENIGN", "Normal", "Benign", None)
    assert flow["src_port"] in (5, None)


def test_every_layout_has_a_name_of_its_own() -> None:
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)


def test_features_are_all_numbers_but_identifiers_and_labels(tmp_path: Path) -> None:
    flows = read_flows(write(tmp_path / "a.csv", CIC))
    table = [name for name in flows.columns if name.startswith("table_")]
    assert table == [
        "table_Flow Duration", "table_Total Fwd Packet", "table_Total Bwd packets", "table_Total Length of Fwd Packet",
        "table_Total Length of Bwd Packet", "table_Flow Bytes/s", "table_Fwd RST Flags", "table_Bwd RST Flags",
    ]  # fmt: skip
    assert flows["table_Flow Bytes/s"].to_list() == [None]  # what is not finite is unknown
    assert flows["ts_end"].to_physical()[0] - flows["ts_start"].to_physical()[0] == 245


def test_a_uid_follows_from_hosts_and_times_where_the_table_tells_them(tmp_path: Path) -> None:
    header, row, *_ = CIC.splitlines(keepends=True)
    later = row.replace("39:06", "39:07")
    assert later != row
    nobody = "a,b,c\n1,2,3\n4,5,6\n"
    no_time = TABLES["nprobe"] + TABLES["nprobe"].splitlines(keepends=True)[1]
    tables = [header + row + later + row, header + later, no_time, no_time.replace("10.0.0.1", "10.0.0.9"), nobody]
    uids = [read_flows(write(tmp_path / "a.csv", text))["uid"].to_list() for text in tables]
    assert len({*uids[0], *uids[2], *uids[3]}) == 7
    assert uids[1] == [uids[0][1]]
    assert uids[4] == ["1", "2"]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_unknown_tables_give_their_numbers_whatever_stands_between(separator: str, tmp_path: Path) -> None:
    text = "dur,word,size,class\n1,a,2.5,x\n2,b,,y\n-,c,1e3,x\n".replace(",", separator)
    reader = FlowReader([write(tmp_path / "a", text)])
    flows = pl.concat(list(reader.batches()))
    assert reader.kind == "table"
    assert flows.select("table_dur", "table_size").rows() == [(1.0, 2.5), (2.0, None), (None, 1000.0)]
    assert flows["label"].to_list() == ["x", "y", "x"]
    assert "word" in reader.report.warnings[0]


def test_a_mapping_says_what_columns_mean(tmp_path: Path) -> None:
    text = "from,to,when,secs,up,down,verdict,junk\n10.0.0.1,10.0.0.2,1600000000,2.5,3,4,bad,7\n"
    mapping = """
        label = "verdict"
        ignore = ["junk"]
        [columns]
        src_ip = "from"
        dst_ip = "to"
        ts_start = { from = "when", factor = 1e6 }
        conn_duration = { from = "secs", factor = 1e6 }
        conn_fwd_packets = "up"
        conn_bwd_packets = "down"
    """
    columns = ColumnMap.read(write(tmp_path / "map.toml", mapping))
    assert ColumnMap.of(columns.manifest(), what="again") == columns
    path = write(tmp_path / "a.csv", text)
    reader = FlowReader([path], features=["conn", "table"], columns=columns.manifest())
    row = next(reader.batches()).row(0, named=True)
    assert (row["conn_duration"], row["conn_fwd_packets"], row["src_ip"], row["label"]) == (
        2_500_000,
        3,
        "10.0.0.1",
        "bad",
    )
    assert row["ts_start"].year == 2020
    assert [name for name in row if name.startswith("table_")] == ["table_secs", "table_up", "table_down"]
    with pytest.raises(ConfigError, match="cannot tell feature group 'conn'"):
        list(FlowReader([path], features=["conn"]).batches())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("column = {}", "expected columns, label, ignore and names"),
        ("[columns]\nsource_ip = 'a'", "'source_ip'; did you mean 'src_ip'"),
        ("[columns]\nsrc_ip = 3", "must be a table of names"),
        ("[columns]\nconn_duration = { from = 'a', factor = 0 }", "factor of conn_duration must be a number above 0"),
        ("label = 3", "label must be the name of a column"),
        ("names = 'a'", "must be a list of column names"),
        ("= =", "is no TOML"),
        ("a = " + "1" * 5000, "is no TOML"),
    ],
)
def test_mappings_that_cannot_be(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        ColumnMap.read(write(tmp_path / "map.toml", text))


def test_a_mapping_of_a_column_that_is_not_there(tmp_path: Path) -> None:
    columns = {"columns": {"src_ip": "nowhere"}}
    with pytest.raises(SchemaError, match=r"lacks the columns nowhere .*it has"):
        list(FlowReader([write(tmp_path / "a.csv", "a,b,c\n1,2,3\n")], columns=columns).batches())


def test_what_the_model_learnt_from_is_remembered(tmp_path: Path) -> None:
    """A column of numbers stays one where a later file begins with text in it; one that is gone is named."""
    path = write(tmp_path / "a.csv", "a,b,c\n1,2,3\n4,5,6\n")
    reader = FlowReader([path])
    list(reader.batches())
    remembered = reader.origin()["settings"]["columns"]
    other = FlowReader([write(tmp_path / "b.csv", "a,b,c\n1,oops,3\n4,5,6\n")], columns=remembered)
    assert pl.concat(list(other.batches()))["table_b"].to_list() == [None, 5.0]
    assert other.report.counts["unreadable_values"] == 1
    with pytest.raises(SchemaError, match="lacks the numeric columns c"):
        list(FlowReader([write(tmp_path / "c.csv", "a,b,d\n1,2,3\n")], columns=remembered).batches())
    with pytest.raises(
        SchemaError, match="is a table of cicflowmeter, and the model learnt from one of a tool that clan does not know"
    ):
        list(FlowReader([write(tmp_path / "d.csv", CIC)], columns=remembered).batches())
    reader = FlowReader([str(tmp_path / "d.csv")])
    list(reader.batches())
    remembered = reader.origin()["settings"]["columns"]
    changed = write(tmp_path / "e.csv", CIC.replace("Flow Duration", "Lasted"))
    with pytest.raises(SchemaError, match="lacks flow duration, by which a table of cicflowmeter is recognised"):
        list(FlowReader([changed], columns=remembered).batches())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_empty_lines_are_no_rows_and_no_damage(tmp_path: Path, end: str) -> None:
    path = write(tmp_path / "a.csv", f"a,b,c\n1,2,3\n{end}4,5,6\n{end}")
    reader = FlowReader([path], strict=True)
    assert pl.concat(list(reader.batches())).height == 2
    counts = reader.report.counts
    assert (counts["records"], counts["malformed_records"], counts["empty_lines"]) == (2, 0, 2 * end.count("\n"))


def test_one_bad_line_costs_one_line(tmp_path: Path) -> None:
    good = "".join(f"{i},{i + 1},{i + 2}\n" for i in range(1000))
    text = "\ufeffa,b,c\n" + good + "1,2\n" + "1,2,3,4\n" + "a,b,c\n" + '1,"2,3\n' + "x,y,z\n" + "caf\xe9,2,3\n" + good
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-8")[:-1])  # the last line has no end
    reader = FlowReader([str(path)])
    flows = pl.concat(list(reader.batches()))
    counts = reader.report.counts
    assert flows.height == 2002
    assert (counts["malformed_records"], counts["repeated_headers"], counts["unreadable_values"]) == (3, 1, 4)
    assert counts["records"] == flows.height + counts["malformed_records"]
    assert flows["uid"][-1] == "2002"
    with pytest.raises(MalformedRecord, match=r"no row of its columns|number is expected"):
        list(FlowReader([str(path)], strict=True).batches())


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("1,2,3\n4,5,6\n", SchemaError, "has no header line, and 3 columns"),
        ("a,b,c\nx,y,z\n", UnsupportedFormat, "no capture and no record"),
        ("a,b\rc,d\n1,2,3\n", UnsupportedFormat, "no capture and no record"),
        ("just,some\nwords,here\n", UnsupportedFormat, "no capture and no record"),
        (CIC.split("\n", maxsplit=1)[0] + "\n", NoFlows, "0 records"),
    ],
)
def test_what_is_no_table_of_flows(text: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        list(FlowReader([write(tmp_path / "a.csv", text)]).batches())


def test_names_may_come_from_the_mapping(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "1,2,3\n4,5,6\n")
    flows = pl.concat(list(FlowReader([path], columns={"names": ["x", "y", "z"]}).batches()))
    assert flows["table_z"].to_list() == [3.0, 6.0]


def test_parquet_is_the_same_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pl.read_csv(CIC.encode(), schema_overrides={"Flow Bytes/s": pl.Float64})
    table.write_parquet(path)
    assert read_flows(path).drop("source").equals(read_flows(write(tmp_path / "a.csv", CIC)).drop("source"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnsupportedFormat, match="no Parquet file, or a damaged one"):
        read_flows(path)


def test_real_tables(test_data: Path) -> None:
    """Each row of the data sets is a flow, and its class is beside it."""
    flows = read_flows(test_data / "flows" / "nsl_kdd" / "KDDTrain+_20Percent.txt")
    assert (flows.height, flows["label"].n_unique(), flows["protocol"].n_unique()) == (25_192, 22, 3)
    flows = read_flows(test_data / "flows" / "cicids2017_improved.csv.gz", features=["conn", "table"])
    assert flows.height == 43_419
    assert flows.select("ts_start", "src_ip", "label", "conn_fwd_payload").null_count().sum_horizontal().item() == 0


def test_damage_within_a_parquet_file_is_no_end_of_it(tmp_path: Path) -> None:
    """Polars ends the reading where a page is damaged, and raises nothing."""
    path = tmp_path / "a.parquet"
    columns = {"a": [1.5, None, 2.5] * 5, "b": list(range(15)), "c": [7] * 15}
    pl.DataFrame(columns).write_parquet(path, compression="uncompressed")
    whole = path.read_bytes()
    at = whole.index(np.array([1.5, 2.5]).tobytes())  # in front of the values: which of them are null
    for i in range(at - 4, at):
        path.write_bytes(whole[:i] + b"\xff" + whole[i + 1 :])
        with pytest.raises(UnsupportedFormat, match="damaged"):
            read_flows(str(path))


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_two_columns_are_a_table_where_both_are_numbers(separator: str, tmp_path: Path) -> None:
    path = write(tmp_path / "two", "x,y\n1,2.5\n3,\n".replace(",", separator))
    assert read_flows(path).select("table_x", "table_y").rows() == [(1.0, 2.5), (3.0, None)]


def test_prose_with_a_comma_is_no_table_and_whoever_says_so_is_believed(tmp_path: Path) -> None:
    prose = write(tmp_path / "a.txt", "Dear reader, hello\nthere are 12, see below\n")
    with pytest.raises(UnsupportedFormat, match="no capture and no record of flows"):
        read_flows(prose)
    named = write(tmp_path / "b.csv", "name,size\nbig,12\nsmall,3\n")
    assert read_flows(named, format_name="csv")["table_size"].to_list() == [12.0, 3.0]


def test_one_column_is_a_table_where_somebody_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", "x\n1\n2\n")
    assert read_flows(path, format_name="csv")["table_x"].to_list() == [1.0, 2.0]
    with pytest.raises(UnsupportedFormat):
        read_flows(path)


def test_a_header_that_comes_by_itself_is_followed_by_its_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b,c\n1,2,3\n")
    whole = Path(path).read_bytes()
    reader = FlowReader([path])
    with pytest.MonkeyPatch.context() as patch:
        pieces = iter([whole[:6], whole[6:]])
        patch.setattr("clan.sources.tabular.table_source.LineReader.pieces", lambda _: pieces)
        assert pl.concat(list(reader.batches())).select("table_a", "table_c").rows() == [(1.0, 3.0)]
