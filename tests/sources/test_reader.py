"""Several captures in one reading: streams, joined parts, bad files among good ones, and the account of it all."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.flows import build
from tests.flows.build import START_US
from tests.sources.packets.capture import conversation

from clan.errors import (
    MalformedRecord,
    NoFlows,
    SourceError,
    SourceUnavailable,
    UnknownNameError,
    UnsupportedFormat,
)
from clan.flows import FlowSettings, profile
from clan.schema import IDENTITY, features_of
from clan.sources import FlowReader, empty_flows, read_flows

FRAMES = conversation()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "good.pcap"
    path.write_bytes(build.pcap(FRAMES))
    return path


def drain(reader: FlowReader) -> pl.DataFrame:
    return pl.concat([empty_flows(), *reader.batches()])


def test_columns_are_those_of_the_schema(capture: Path) -> None:
    expected = {**IDENTITY, **{f.name: f.dtype for f in features_of(["flow"])}}
    assert dict(read_flows(capture).schema) == expected
    assert dict(empty_flows().schema) == expected
    assert read_flows(capture).select(f.name for f in features_of(["flow"])).null_count().sum_horizontal().item() == 0


def test_each_file_is_its_own_stream(capture: Path, tmp_path: Path) -> None:
    """A conversation that goes on in the next file is two flows, unless the files are the parts of one capture."""
    half = len(FRAMES) - 2
    parts = [tmp_path / "1.pcap", tmp_path / "2.pcapng"]
    parts[0].write_bytes(build.pcap(FRAMES[:half]))
    parts[1].write_bytes(build.pcapng(FRAMES[half:]))
    apart, joined, whole = read_flows(parts), read_flows(parts, join=True), read_flows(capture)
    assert (apart.height, joined.height) == (8, 7)
    assert apart["source"].unique().sort().to_list() == [str(part) for part in parts]
    assert joined["source"].unique().to_list() == [str(parts[0])]
    assert joined.drop("source").equals(whole.drop("source"))


def test_bad_input_never_loses_good_input(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no capture")
    (tmp_path / "empty.pcap").write_bytes(b"")
    (tmp_path / "cut.pcap").write_bytes(build.pcap(FRAMES)[:-1])
    reader = FlowReader([str(tmp_path)])
    flows = drain(reader)
    assert flows.height == reader.report.flows == 14
    assert reader.report.skipped.keys() == {str(tmp_path / "notes.txt"), str(tmp_path / "empty.pcap")}
    assert reader.report.counts["packets"] == 2 * len(FRAMES) - 1
    assert [warning.split(":")[0] for warning in reader.report.warnings] == [str(tmp_path / "cut.pcap")]
    assert (
        reader.bytes_read == reader.total_bytes == sum(path.stat().st_size for path in (capture, tmp_path / "cut.pcap"))
    )
    with pytest.raises(SourceError):
        drain(FlowReader([str(tmp_path)], strict=True))


def test_strict_reading_refuses_damage_with_or_without_company(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "z.pcap").write_bytes(build.pcap(FRAMES)[:-1])
    for paths in ([tmp_path / "z.pcap"], [capture, tmp_path / "z.pcap"]):
        with pytest.raises(MalformedRecord, match="incomplete record"):
            read_flows(paths, strict=True)


def test_nothing_but_bad_input_says_why(tmp_path: Path) -> None:
    arp = build.ethernet(bytes(46), ethertype=0x0806)
    (tmp_path / "arp.pcap").write_bytes(build.pcap([build.Frame(START_US, arp)] * 3))
    with pytest.raises(NoFlows, match=r"3 packets in 1 capture; 3 frames that carry no IP"):
        read_flows(tmp_path / "arp.pcap")
    (tmp_path / "bad.pcap").write_bytes(b"no capture")
    with pytest.raises(UnsupportedFormat, match="no capture"):
        read_flows(tmp_path / "bad.pcap")
    with pytest.raises(NoFlows, match=r"bad.pcap: is no capture"):
        read_flows(tmp_path)
    with pytest.raises(SourceUnavailable, match="does not exist"):
        read_flows([tmp_path / "arp.pcap", tmp_path / "missing"])


def test_an_empty_capture_has_no_flows(tmp_path: Path) -> None:
    for name, data in (("a.pcap", build.pcap([])), ("b.pcapng", build.pcapng([])), ("c.pcap", build.section_header())):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NoFlows, match="0 packets in 1 capture"):
            read_flows(tmp_path / name)


def test_file_that_vanishes_while_it_is_read(capture: Path) -> None:
    """A ring buffer of captures deletes its oldest file; what was read of it counts."""
    reader = FlowReader([str(capture)])
    batches = reader.batches()
    first = next(batches)
    capture.unlink()
    assert first.height + sum(batch.height for batch in batches) == 7


def test_file_that_vanishes_before_its_turn(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "z.pcap").write_bytes(build.pcap(FRAMES))
    reader = FlowReader([str(capture), str(tmp_path / "z.pcap")])
    (tmp_path / "z.pcap").unlink()
    assert drain(reader).height == 7
    assert "No such file" in reader.report.skipped[str(tmp_path / "z.pcap")]


def test_what_the_search_passed_over_is_in_the_report(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    reader = FlowReader([str(tmp_path)])
    assert drain(reader).height == 7
    assert reader.report.skipped == {
        str(tmp_path / "link"): "a link to a folder, which is not followed; name it with -r"
    }


def test_unknown_format() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'pcap'"):
        FlowReader(["-"], format_name="pcapp")


def test_settings_reach_the_engine(capture: Path) -> None:
    assert read_flows(capture, settings=FlowSettings(udp_idle_timeout_s=1e-6)).height == 13
    reader = FlowReader([str(capture)], settings=profile("lycos"))  # the original loses flows that are young at the end
    assert (drain(reader).height, reader.report.losses()) == (1, {"unfinished_flows": 6})


def test_a_name_that_is_no_utf8_is_spelled_out(tmp_path: Path, capture: Path) -> None:
    paths = [str(tmp_path / f"caf\udce9{number}.pcap") for number in range(2)]
    for path in paths:
        Path(path).write_bytes(capture.read_bytes())
    for workers in (1, 2):
        reader = FlowReader(paths, workers=workers)
        flows = pl.concat(list(reader.batches()))
        names = flows["source"].unique(maintain_order=True).to_list()
        assert names == [str(tmp_path / f"caf\\xe9{number}.pcap") for number in range(2)]
        assert [reader.files_of(name) for name in names] == [[path] for path in paths]
    table = tmp_path / "caf\udce9.csv"
    table.write_text(flows.write_csv())
    assert sorted(read_flows(table)["source"].unique()) == names  # those that the table tells
    flows.write_parquet(tmp_path / "flows.parquet")
    (tmp_path / "flows.parquet").rename(tmp_path / "caf\udce9.parquet")
    with pytest.raises(SourceError, match="names in UTF-8 only"):
        read_flows(tmp_path / "caf\udce9.parquet")
