"""nfdump files: as many records as nfdump counts, joined, and a clear word where nfdump is missing or refuses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from clan.errors import SourceUnavailable, UnsupportedFormat
from clan.sources import FlowReader
from clan.sources.netflow.nfdump import MAGIC


def need_nfdump() -> None:
    if shutil.which("nfdump") is None:
        pytest.skip("nfdump is not installed")


def test_a_real_file(test_data: Path) -> None:
    need_nfdump()
    path = str(test_data / "flows" / "nfdump" / "malicious.nfdump")
    reader = FlowReader([path])
    flows = pl.concat(list(reader.batches()))
    counts = reader.report.counts
    assert (reader.kind, counts["records"], counts["malformed_records"]) == ("netflow", 4593, 0)
    assert flows.select("conn_fwd_packets", "conn_bwd_packets").sum().sum_horizontal().item() == 4652
    assert flows.select("conn_fwd_bytes", "conn_bwd_bytes").sum().sum_horizontal().item() == 241_025
    scan = flows.filter((pl.col("src_ip") == "147.32.80.119") & (pl.col("dst_ip") == "147.32.82.62"))
    assert scan["conn_refused"].mean() > 0.9  # type: ignore[operator]
    assert flows.select("ts_end", "uid").equals(flows.select("ts_end", "uid").sort("ts_end", "uid"))


def test_a_file_of_a_quiet_hour_has_no_records_and_no_bad_ones(test_data: Path, tmp_path: Path) -> None:
    need_nfdump()
    whole, quiet = test_data / "flows" / "nfdump" / "malicious.nfdump", tmp_path / "nfcapd.202405060300"
    subprocess.run(["nfdump", "-r", whole, "-w", quiet, "packets > 1000000"], check=True, capture_output=True)
    reader = FlowReader([str(quiet), str(whole)], join=True)
    assert sum(batch.height for batch in reader.batches()) > 0
    assert (reader.report.counts["records"], reader.report.counts["malformed_records"]) == (4593, 0)


def test_nfdump_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nfcapd.1"
    path.write_bytes(MAGIC + bytes(50))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SourceUnavailable, match="apt-get install nfdump"):
        list(FlowReader([str(path)]).batches())


def test_damaged_files_are_refused_by_name(tmp_path: Path) -> None:
    need_nfdump()
    path = tmp_path / "nfcapd.1"
    path.write_bytes(MAGIC + b"\xff" * 300)
    with pytest.raises(UnsupportedFormat, match="nfdump cannot read"):
        list(FlowReader([str(path)]).batches())
