"""Argus records: states, ports, protocols and labels, as real files have them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from clan.errors import MalformedRecord, SchemaError
from clan.sources import FlowReader, read_flows

HEAD = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"
TCP = "2019/04/04 16:24:47.672448,1.5,tcp,10.8.0.69,56101,   ->,14.1.11.113,999,{state},0,0,31,8764,1887,15,flow=Bot\n"


def one(path: Path, *lines: str) -> dict[str, object]:
    path.write_text(HEAD + "".join(lines))
    return read_flows(path).row(0, named=True)


def test_what_a_record_tells(tmp_path: Path) -> None:
    flow = one(tmp_path / "a", TCP.format(state="FSPA_FSRPA"))
    assert (flow["src_ip"], flow["src_port"], flow["dst_port"], flow["protocol"]) == ("10.8.0.69", 56101, 999, 6)
    assert (flow["conn_fwd_packets"], flow["conn_bwd_packets"]) == (15, 16)
    assert (flow["conn_fwd_bytes"], flow["conn_bwd_bytes"], flow["conn_duration"]) == (1887, 6877, 1_500_000)
    assert (flow["conn_fwd_rst"], flow["conn_bwd_rst"], flow["conn_established"]) == (0, 1, 1)
    assert flow["conn_fwd_payload"] is None
    assert flow["label"] == "flow=Bot"


@pytest.mark.parametrize(
    ("state", "forward", "backward"),
    [("S_", 1, 0), ("S_RA", 1, 0), ("REQ", 1, 0), ("CON", None, None), ("ACC", 1, 1), ("weird", None, None)],
)
def test_states(state: str, forward: int | None, backward: int | None, tmp_path: Path) -> None:
    flow = one(tmp_path / "a", TCP.format(state=state))
    assert (flow["conn_fwd_syn"], flow["conn_bwd_syn"]) == (forward, backward)


def test_icmp_and_other_protocols(tmp_path: Path) -> None:
    ping = "2019/04/04 16:30:30.2,1,icmp,10.8.0.69,0x0008,  <->,1.1.1.1,0x7208,ECO,0,,2,144,144,2,\n"
    flow = one(tmp_path / "a", ping)
    assert (flow["src_port"], flow["dst_port"], flow["conn_icmp"], flow["conn_fwd_syn"]) == (8, 0, 1, 0)
    arp = "2019/04/04 16:30:30.2,1,arp,10.8.0.69,,  who,1.1.1.1,,INT,0,,2,144,144,2,\n"
    llc = "2019/04/04 16:30:30.2,1,llc,00:00:00:00:00:00,0,->,00:00:00:00:00:01,0,INT,0,,2,144,144,2,\n"
    (tmp_path / "b").write_text(HEAD + arp + llc + ping)
    reader = FlowReader([str(tmp_path / "b")])
    assert sum(batch.height for batch in reader.batches()) == 1
    assert reader.report.counts["records_of_other_types"] == 2


def test_bad_lines_cost_themselves(tmp_path: Path) -> None:
    good = TCP.format(state="S_SA")
    text = HEAD + good + "2019/04/04 16:24:47,1,tcp,10\n" + good.replace("8764", "many") + HEAD + good + good[:60]
    path = tmp_path / "a"
    path.write_text(text)
    reader = FlowReader([str(path)])
    flows = pl.concat(list(reader.batches()))
    assert flows.height == 3
    assert flows["conn_bwd_bytes"].null_count() == 1  # what cannot be read is unknown
    counts = reader.report.counts
    assert (counts["malformed_records"], counts["unreadable_values"], counts["repeated_headers"]) == (2, 1, 1)
    with pytest.raises(MalformedRecord, match=r"no row of its columns|number is expected"):
        list(FlowReader([str(path)], strict=True).batches())


def test_a_uid_tells_a_record_wherever_it_stands(tmp_path: Path) -> None:
    one, other = TCP.format(state="S_SA"), TCP.format(state="S_SA").replace("47.672448", "48.5")
    (tmp_path / "a").write_text(HEAD + one + other + one)
    (tmp_path / "b").write_text(HEAD + other + one)  # as after a rotation or a restart
    first, second = (read_flows(tmp_path / name).sort("ts_end", maintain_order=True)["uid"] for name in "ab")
    assert first.n_unique() == 3
    assert set(second) < set(first)


def test_a_record_that_cannot_be_is_named_by_its_number(tmp_path: Path) -> None:
    path, good = tmp_path / "a", TCP.format(state="S_SA")
    path.write_text(HEAD + good + good.replace("56101", "99999") + good.replace("2019/04/04", "yesterday"))
    reader = FlowReader([str(path)])
    assert sum(batch.height for batch in reader.batches()) == 2
    assert reader.report.warnings == [f"{path}: no record: address, time, port or count that cannot be: '3'"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(HEAD.replace("TotBytes,", "") + "x\n")
    with pytest.raises(SchemaError, match="lacks the columns TotBytes of Argus"):
        list(FlowReader([str(path)], format_name="argus").batches())


def test_real_files(test_data: Path) -> None:
    """Every record is a flow or is counted, whatever the file's separator and columns."""
    for path in sorted((test_data / "flows" / "argus").iterdir()):
        reader = FlowReader([str(path)])
        flows = pl.concat(list(reader.batches()))
        counts = reader.report.counts
        assert reader.kind == "argus"
        assert flows.height + counts["records_of_other_types"] == counts["records"]
        assert flows["uid"].n_unique() == flows.height
        assert flows["conn_fwd_bytes"].null_count() == 0
    labels = pl.concat(list(FlowReader([str(path)]).batches()))["label"]
    assert labels.str.contains("Malware").sum() > 0
