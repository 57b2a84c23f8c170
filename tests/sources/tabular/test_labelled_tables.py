"""The data sets of the literature are read as a person downloads them, each with its own oddities."""

from __future__ import annotations

import datetime
import math
import zipfile
from pathlib import Path

import polars as pl
import pytest

from clan.errors import DataQualityWarning, SchemaError, SourceUnavailable
from clan.sources.tabular import (
    LabelledTable,
    read_cicids2017,
    read_cicids2017_original,
    read_lycos_ids2017,
    read_nsl_kdd,
    read_unsw_nb15,
)

CORRECTED = "id,Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Label,Attempted Category\n"
FLOWS = (
    "Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration,"
    " Total Fwd Packets, Fwd Header Length, Fwd Header Length, Flow Bytes/s,Init_Win_bytes_forward, Label\n"
)
MACHINE = (
    " Destination Port, Flow Duration, Total Fwd Packets, Fwd Header Length, Fwd Header Length.1,Flow Bytes/s,"
    "Init_Win_bytes_forward, Label\r\n"
)
NSL = "0,tcp,http,SF," + ",".join(["0"] * 37)
UNSW = "id,dur,proto,service,state,spkts,attack_cat,label\r\n"
UNSW_RAW = (
    "59.166.0.0,1390,149.171.126.6,{port},udp,CON,0.001,132,164,31,29,0,0,dns,500473.9375,621800.9375,2,2,0,0,0,0,66,82,"
    "0,0,9.89,10.68,1421927414,1421927414,0.017,0.013,0,0,0,0,0,{blank},{blank},{blank},3,7,1,3,1,1,1,{category},{label}\r\n"
)


def write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_corrected_release_with_and_without_its_later_columns(tmp_path: Path) -> None:
    row = "7,a-b,10.0.0.1,5,10.0.0.2,80,6,2017-07-06 12:39:06.818901,3,DoS Hulk,-1\n"
    table = read_cicids2017(write(tmp_path / "new.csv", CORRECTED + row))
    assert (table.features.columns, table.labels.to_list()) == (["Flow Duration"], ["DoS Hulk"])
    assert table.times is not None
    assert table.times.to_list() == [datetime.datetime(2017, 7, 6, 12, 39, 6, 818901)]
    assert "id" in table.identifiers.columns
    older = CORRECTED.removeprefix("id,").replace(",Attempted Category", "")
    row = "a-b,10.0.0.1,5,10.0.0.2,80,6,05/07/2017 01:42:42 PM,3,BENIGN\n"
    table = read_cicids2017(write(tmp_path / "old.csv", older + row))
    assert table.times is not None
    assert table.times.to_list() == [datetime.datetime(2017, 7, 5, 13, 42, 42)]


def test_original_flows_with_every_oddity(tmp_path: Path) -> None:
    rows = (
        b"a,1.1.1.1,5,2.2.2.2,80,6,6/7/2017 9:15,3,2,20,20,Infinity,-1,Web Attack \x96 Sql Injection\n"
        b"a,1.1.1.1,5,2.2.2.2,80,6,6/7/2017 2:15,3,2,20,20,NaN,-1,BENIGN\n" + b",,,,,,,,,,,,,\n" * 3 + b"\n"
    )
    write(tmp_path / "set" / "Thursday.csv", FLOWS.encode() + rows)
    write(
        tmp_path / "set" / "Monday.csv", FLOWS + "a,1.1.1.1,5,2.2.2.2,80,6,03/07/2017 08:55:58,3,2,20,20,1,-1,BENIGN\n"
    )
    write(tmp_path / "set" / "read-me.txt", "not a table")
    table = read_cicids2017_original(tmp_path / "set")
    assert table.labels.to_list() == ["BENIGN", "Web Attack - Sql Injection", "BENIGN"]
    assert table.features.columns == [
        "Flow Duration",
        "Total Fwd Packet",
        "Fwd Header Length",
        "Flow Bytes/s",
        "FWD Init Win Bytes",
    ]
    assert table.features["Flow Bytes/s"][1] == math.inf
    assert table.times is not None
    assert [moment.hour for moment in table.times] == [8, 9, 14]
    assert set(table.identifiers.columns) >= {"Source IP", "Destination Port", "Protocol"}


def test_original_without_addresses(tmp_path: Path) -> None:
    rows = "80,3,2,20,20,1,-1,PortScan\r\n" + MACHINE + "53,4,2,20,20,1,-1,BENIGN\r\n"
    table = read_cicids2017_original(write(tmp_path / "machine.csv", MACHINE + rows))
    assert (table.labels.to_list(), table.times) == (["PortScan", "BENIGN"], None)
    assert table.identifiers.columns == ["Destination Port"]
    assert "Fwd Header Length.1" not in table.features.columns


def test_files_of_different_releases_do_not_mix(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", FLOWS + "a,1.1.1.1,5,2.2.2.2,80,6,6/7/2017 9:15,3,2,20,20,1,-1,BENIGN\n")
    write(tmp_path / "b.csv", MACHINE + "80,3,2,20,20,1,-1,PortScan\n")
    with pytest.raises(SchemaError, match=r"b.csv has other columns .*Flow ID"):
        read_cicids2017_original(tmp_path)
    with pytest.raises(SchemaError, match=r"a.csv lacks the columns Src IP"):
        read_cicids2017(tmp_path)


def test_lycos(tmp_path: Path) -> None:
    head = "flow_id,src_addr,src_port,dst_addr,dst_port,ip_prot,timestamp,flow_duration,down_up_ratio,label\n"
    text = head + "x,1.1.1.1,5,2.2.2.2,80,6,1499083200000001,5,0.5,benign\n" + "y,1.1.1.1,5,2.2.2.2,80,6,1,5\n"
    with pytest.warns(DataQualityWarning, match="1 of 2 rows have no label"):
        table = read_lycos_ids2017(write(tmp_path / "lycos.csv", text))
    assert (table.features.columns, table.labels.to_list()) == (["flow_duration", "down_up_ratio"], ["benign"])
    assert table.times is not None
    assert table.times[0] == datetime.datetime(2017, 7, 3, 12, 0, 0, 1)
    with pytest.raises(SchemaError, match="no row with a value in the column 'label'"):
        read_lycos_ids2017(write(tmp_path / "empty.csv", head))


def test_nsl_kdd_prefers_the_fifth_and_says_which_rows_train(tmp_path: Path) -> None:
    write(tmp_path / "d" / "KDDTest+.txt", f"{NSL},neptune,21\n{NSL},normal,21\n")
    write(tmp_path / "d" / "KDDTrain+.txt", f"{NSL},normal,20\n" * 5)
    assert read_nsl_kdd(tmp_path / "d").labels.len() == 7
    write(tmp_path / "d" / "KDDTrain+_20Percent.txt", f"{NSL},normal,20\n")
    table = read_nsl_kdd(tmp_path / "d")
    assert (table.labels.to_list(), table.features.width) == (["normal", "neptune", "normal"], 41)
    assert table.training is not None
    assert table.training.to_list() == [True, False, False]
    with pytest.raises(SourceUnavailable, match=r"KDDTrain.* cannot be read"):
        read_nsl_kdd(write(tmp_path / "other.csv", "a,b\n"))
    write(tmp_path / "d" / "KDDTest+.txt", "a,b\n")
    with pytest.raises(SchemaError, match="2 columns, expected 43"):
        read_nsl_kdd(tmp_path / "d")


def test_unsw_partition_zipped_with_a_mark(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "UNSW_NB15_training-set.csv.zip", "w") as archive:
        archive.writestr(
            "UNSW_NB15_training-set.csv", "\ufeff" + UNSW + "1,0.1,udp,-,INT,2,Normal,0\r\n2,1,tcp,ftp,FIN,3,DoS,1\r\n"
        )
    table = read_unsw_nb15(tmp_path)
    assert table.labels.to_list() == ["Normal", "DoS"]
    assert table.features["service"].to_list() == ["-", "ftp"]
    assert table.identifiers.columns == ["id"]


def test_unsw_raw_files_get_the_partitions_names(tmp_path: Path) -> None:
    benign = UNSW_RAW.format(port=53, blank="", category="", label=0)
    attack = UNSW_RAW.format(port="0x000b", blank=" ", category=" Fuzzers ", label=1)
    write(tmp_path / "UNSW-NB15_1.csv", "\ufeff" + benign)
    write(tmp_path / "UNSW-NB15_2.csv", attack)
    write(tmp_path / "UNSW-NB15_features.csv", "No.,Name\n1,srcip\n")
    table = read_unsw_nb15(tmp_path)
    assert table.labels.to_list() == ["Normal", "Fuzzers"]
    assert table.features.select("smean", "ct_ftp_cmd", "ct_src_ltm").rows() == [(66.0, None, 3.0), (66.0, None, 3.0)]
    assert table.times is not None
    assert table.times[0] == datetime.datetime(2015, 1, 22, 11, 50, 14)
    assert not {"srcip", "stime", "label"} & set(table.features.columns)


@pytest.mark.parametrize(
    ("read", "file", "shape"),
    [
        (read_cicids2017, "cicids2017_improved.csv.gz", (43_419, 81)),
        (read_unsw_nb15, "unsw_nb15", (82_332, 42)),
        (read_nsl_kdd, "nsl_kdd", (47_736, 41)),
    ],
    ids=["cicids2017", "unsw_nb15", "nsl_kdd"],
)
def test_the_real_files(read: object, file: str, shape: tuple[int, int], test_data: Path) -> None:
    assert callable(read)
    table = read(test_data / "flows" / file)
    assert isinstance(table, LabelledTable)
    assert table.features.shape == shape
    assert table.labels.null_count() == 0
    assert table.times is None or table.times.null_count() == 0
    assert sum(table.features.null_count().row(0)) == 0
    assert {pl.Float64, pl.String} >= set(table.features.dtypes)
