"""Labels name the flows that their file means, by uid or by hosts and time, and wrong files are refused by name."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import pytest

from clan.errors import SchemaError, SourceUnavailable
from clan.sources.tabular import label_flows, read_labels

LABELS = """ts_start,ts_end,src_ip,dst_ip,dst_port,protocol,label
2026-01-01T10:00:10.000000+00:00,2026-01-01T10:00:20.000000+00:00,10.0.0.9,10.0.0.1,80,6,flood
2026-01-01T10:00:30.000000+00:00,2026-01-01T10:00:40.000000+00:00,10.0.0.9,10.0.0.1,,,scan
"""
ATTACKER, SERVER, OTHER = ("10.0.0.9", 5000), ("10.0.0.1", 80), ("10.0.0.2", 5001)


def write(folder: Path, text: str) -> pl.DataFrame:
    path = folder / "labels.csv"
    path.write_text(text)
    return read_labels(path)


def flows(*rows: tuple[int, tuple[str, int | None], tuple[str, int | None], int]) -> pl.DataFrame:
    """Flows that start so many seconds after ten; `uid` counts them."""
    return pl.DataFrame(
        {
            "uid": [f"f{i}" for i in range(len(rows))],
            "ts_start": [datetime.datetime(2026, 1, 1, 10, 0, row[0], tzinfo=datetime.UTC) for row in rows],
            "src_ip": [row[1][0] for row in rows],
            "src_port": [row[1][1] for row in rows],
            "dst_ip": [row[2][0] for row in rows],
            "dst_port": [row[2][1] for row in rows],
            "protocol": [row[3] for row in rows],
        },
        schema_overrides={"src_port": pl.Int64, "dst_port": pl.Int64, "ts_start": pl.Datetime("us", "UTC")},
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((12, ATTACKER, SERVER, 6), "flood"),
        ((12, SERVER, ATTACKER, 6), "flood"),
        ((10, ATTACKER, SERVER, 6), "flood"),
        ((9, ATTACKER, SERVER, 6), None),
        ((21, ATTACKER, SERVER, 6), None),
        ((12, OTHER, SERVER, 6), None),
        ((12, ATTACKER, ("10.0.0.1", 443), 6), None),
        ((12, ATTACKER, SERVER, 17), None),
        ((32, ATTACKER, ("10.0.0.1", 7), 17), "scan"),
        ((32, ("10.0.0.1", None), ("10.0.0.9", None), 1), "scan"),
        ((12, ("10.0.0.9", None), ("10.0.0.1", None), 6), None),
    ],
)
def test_flow_gets_the_label_of_its_window(
    tmp_path: Path, row: tuple[int, tuple[str, int | None], tuple[str, int | None], int], expected: str | None
) -> None:
    found, _ = label_flows(flows(row), write(tmp_path, LABELS))
    assert found.to_list() == [expected]


def test_uids_and_windows_mix_and_the_first_line_counts(tmp_path: Path) -> None:
    text = "uid,ts_start,src_ip,class\nf1,,,by hand\n,2026-01-01T10:00:00,10.0.0.9,later\nf0,,,too late\nnone,,,lost\n"
    table = flows((1, ATTACKER, SERVER, 6), (2, ATTACKER, SERVER, 6), (3, OTHER, SERVER, 6))
    found, unused = label_flows(table, write(tmp_path, text))
    assert found.to_list() == ["later", "by hand", None]
    assert unused == 1


def test_a_line_without_hosts_means_all_flows_of_its_time(tmp_path: Path) -> None:
    text = "ts_start,ts_end,label\n2026-01-01 10:00:02,2026-01-01T11:00:03+01:00,storm\n"
    table = flows((1, ATTACKER, SERVER, 6), (2, OTHER, SERVER, 6), (3, OTHER, SERVER, 6), (4, OTHER, SERVER, 6))
    assert label_flows(table, write(tmp_path, text))[0].to_list() == [None, "storm", "storm", None]


def test_no_lines_label_nothing(tmp_path: Path) -> None:
    found, unused = label_flows(flows((1, ATTACKER, SERVER, 6)), write(tmp_path, "uid,label\n"))
    assert (found.to_list(), unused) == ([None], 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uid,name\nf0,x\n", r"columns uid, name; expected label \(or class\)"),
        ("label\nx\n", "expected label"),
        ("uid,label\nf0,\n", "no label in line 2"),
        ("ts_start,label\nyesterday,x\n", "wrong kind"),
        ("dst_port,label\nhttp,x\n", "wrong kind"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        write(tmp_path, text)


def test_missing_files_and_missing_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        read_labels(tmp_path / "labels.csv")
    with pytest.raises(SchemaError, match="by src_ip, dst_ip"):
        label_flows(pl.DataFrame({"uid": ["f0"]}), write(tmp_path, "src_ip,dst_ip,label\n10.0.0.1,10.0.0.2,x\n"))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_headers_of_other_tools_and_other_separators_are_read(separator: str, tmp_path: Path) -> None:
    text = "Src IP,Source Port,Destination IP,Dst Port,Class\n10.0.0.1,5,10.0.0.2,80,scan\n"
    line = write(tmp_path, text.replace(",", separator)).row(0, named=True)
    told = ("src_ip", "src_port", "dst_ip", "dst_port", "label")
    assert [line[name] for name in told] == ["10.0.0.1", 5, "10.0.0.2", 80, "scan"]


def test_a_time_that_says_no_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="ts_start and the last one ts_end"):
        write(tmp_path, "Src IP,Dst IP,Timestamp,Label\n10.0.0.1,10.0.0.2,2017-07-06 12:39:06,scan\n")
