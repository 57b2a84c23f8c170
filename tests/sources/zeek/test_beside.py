"""What lies beside a conn.log is joined by uid, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.sources.zeek.logs import connections, ndjson, text

from clan.sources import FlowReader, read_flows
from clan.sources.zeek import beside

ROWS = connections(40)
DNS = [
    {"ts": 1700000000.0, "uid": "C00000001", "query": "a.example", "answers": "192.0.2.1,192.0.2.2", "rcode": 0},
    {"ts": 1700000000.1, "uid": "C00000001", "query": "longer.example", "rcode": 3},
    {"ts": 1700000000.2, "uid": "Cnobody", "query": "x", "rcode": 0},
]
SSL = [
    {
        "ts": 1.0,
        "uid": "C00000002",
        "version": "TLSv13",
        "established": "T",
        "resumed": "F",
        "cert_chain_fuids": "F1,F2",
    }
]
HTTP = [
    {
        "ts": 1.0,
        "uid": "C00000003",
        "method": "GET",
        "status_code": 200,
        "request_body_len": 0,
        "response_body_len": 90,
    },
    {
        "ts": 1.5,
        "uid": "C00000003",
        "method": "POST",
        "status_code": 404,
        "request_body_len": 7,
        "response_body_len": 5,
    },
    {"ts": 1.5, "uid": "C00000003", "method": "BREW", "status_code": 418},
]


def _in_json(key: str, value: object) -> object:
    """A value of a TSV log as a log in JSON has it."""
    if key in ("answers", "cert_chain_fuids"):
        return str(value).split(",")
    return value == "T" if value in ("T", "F") else value


def write_all(folder: Path, *, as_json: bool) -> str:
    (folder / "conn.log").write_text(ndjson(ROWS) if as_json else text(ROWS))
    for name, rows in (("dns", DNS), ("ssl", SSL), ("http", HTTP)):
        if as_json:
            typed = [{key: _in_json(key, value) for key, value in row.items()} for row in rows]
            (folder / f"{name}.log").write_text(ndjson(typed))
        else:
            fields = list(dict.fromkeys(key for row in rows for key in row))
            (folder / f"{name}.log").write_text(text(rows, name, fields))
    return str(folder / "conn.log")


@pytest.mark.parametrize("as_json", [False, True])
def test_numbers_of_the_logs_beside(tmp_path: Path, as_json: bool) -> None:
    reader = FlowReader([write_all(tmp_path, as_json=as_json)])
    flows = pl.concat(list(reader.batches()))
    row = flows.row(by_predicate=pl.col("uid") == "C00000001", named=True)
    dns = [row[f"conn_dns_{name}"] for name in ("queries", "query_length", "answers", "failures")]
    assert dns == [2, 14, 2, 1]
    row = flows.row(by_predicate=pl.col("uid") == "C00000002", named=True)
    assert [row[f"conn_tls_{name}"] for name in ("version", "established", "resumed", "certificates")] == [13, 1, 0, 2]
    row = flows.row(by_predicate=pl.col("uid") == "C00000003", named=True)
    names = ("requests", "unusual_methods", "posts", "errors", "request_body", "response_body")
    assert [row[f"conn_http_{name}"] for name in names] == [3, 1, 1, 2, 7, 95]
    row = flows.row(by_predicate=pl.col("uid") == "C00000004", named=True)
    assert {row[name] for name in flows.columns if name.startswith(("conn_dns", "conn_tls", "conn_http"))} == {0}
    assert reader.report.counts["unjoined_records"] == 1


def test_only_so_many_records_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MOST_HELD", 2)
    path = write_all(tmp_path, as_json=False)
    others = [{"ts": 1700000000.0 + i, "uid": f"X{i}", "query": "q", "rcode": 0} for i in range(9)]
    (tmp_path / "dns.log").write_text(text([*DNS, *others], "dns", ["ts", "uid", "query", "rcode"]))
    reader = FlowReader([path])
    assert sum(batch["conn_dns_queries"].sum() for batch in reader.batches()) == 2
    assert reader.report.counts["unjoined_records"] == 10


def test_logs_are_found_by_the_name_of_their_rotation(tmp_path: Path) -> None:
    for name in ("conn.00-01.log.gz", "dns.00-01.log.gz", "http.01-02.log.gz"):
        (tmp_path / name).touch()
    assert beside.logs_beside(str(tmp_path / "conn.00-01.log.gz")) == {"dns": str(tmp_path / "dns.00-01.log.gz")}
    assert beside.logs_beside("-") == {}


def test_bad_lines_beside_are_counted(tmp_path: Path) -> None:
    path = write_all(tmp_path, as_json=True)
    with (tmp_path / "dns.log").open("a") as log:
        log.write("{broken\n")
    reader = FlowReader([path])
    assert sum(batch.height for batch in reader.batches()) == 40
    assert reader.report.counts["malformed_records_beside"] == 1


def test_real_logs_beside(test_data: Path) -> None:
    flows = read_flows(test_data / "flows/zeek/008-mixed/data/conn.log.labeled")
    assert (flows["conn_http_requests"].sum(), flows["conn_tls_version"].max()) == (342, 12)
    assert flows["conn_dns_queries"].null_count() == flows.height  # there is no dns.log
