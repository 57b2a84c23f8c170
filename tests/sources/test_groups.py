"""Feature groups are asked for by name; what a source cannot tell is refused with who can."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.flows import build
from tests.sources.packets.capture import conversation

from clan.cli import main
from clan.errors import ConfigError, UnknownNameError
from clan.schema import IDENTITY, features_of
from clan.sources import FlowReader, empty_flows, read_flows
from clan.sources.groups import wanted_groups


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("groups") / "a.pcap"
    path.write_bytes(build.pcap(conversation()))
    return path


@pytest.mark.parametrize("groups", [("flow",), ("conn",), ("flow", "conn"), ("conn", "flow")])
def test_columns_come_in_the_order_of_the_groups(capture: Path, groups: tuple[str, ...]) -> None:
    flows = read_flows(capture, features=groups)
    assert dict(flows.schema) == {**IDENTITY, **{f.name: f.dtype for f in features_of(groups)}}
    assert flows.schema == empty_flows(groups).schema
    told = [f.name for f in features_of(groups) if "packets" in f.sources]
    assert flows.select(told).null_count().sum_horizontal().item() == 0


def test_what_is_not_asked_for_is_group_flow(capture: Path) -> None:
    assert read_flows(capture).equals(read_flows(capture, features=["flow"]))


def test_derived_columns_follow_from_packets(capture: Path) -> None:
    tcp = read_flows(capture, features=["conn"]).filter(protocol=6).row(0, named=True)
    assert (tcp["conn_tcp"], tcp["conn_answered"], tcp["conn_established"]) == (1, 0, 0)
    assert tcp["conn_fwd_bytes_mean"] == tcp["conn_fwd_bytes"] / tcp["conn_fwd_packets"]


def test_other_processes_give_the_same(capture: Path, tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(capture.read_bytes())
    one, two = (read_flows(tmp_path, features=["conn"], workers=n) for n in (1, 2))
    assert one.equals(two)


def test_unknown_group(capture: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown feature group 'con'; did you mean 'conn'"):
        FlowReader([str(capture)], features=["flow", "con"])


def test_a_group_that_the_source_cannot_tell() -> None:
    with pytest.raises(ConfigError, match=r"a log cannot tell feature group 'flow': it comes from packets; .* conn"):
        wanted_groups(["conn", "flow"], told=("conn",), kind="a log")
    with pytest.raises(ConfigError, match=r"a log cannot tell feature group 'table': it comes from table; "):
        wanted_groups(["table"], told=("conn",), kind="a log")
    with pytest.raises(ConfigError, match="no feature group is asked for"):
        wanted_groups([], told=("conn",), kind="a log")


def test_command(capture: Path, tmp_path: Path) -> None:
    out = tmp_path / "flows.parquet"
    assert main(["flows", "-r", str(capture), "--features", "conn, flow", "-o", str(out), "-q"]) == 0
    assert pl.read_parquet(out).drop("source").equals(read_flows(capture, features=["conn", "flow"]).drop("source"))


def test_groups_are_a_list_and_no_text(capture: Path) -> None:
    with pytest.raises(ConfigError, match=r"such as features=\['conn'\]; got the text 'conn'"):
        read_flows(capture, features="conn")
