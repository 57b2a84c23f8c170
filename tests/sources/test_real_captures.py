"""Every capture of the test data is read: to flows or to a reason, with every packet accounted for."""

from __future__ import annotations

import csv
import resource
from pathlib import Path

import pytest
from tests.flows.run import VERDICTS, packets_in
from tests.sources.packets.capture import read

from clan.errors import UnsupportedFormat

NO_CAPTURE = {"seladb-PcapPlusPlus__Tests__ExamplesTest__pcap_examples__solaris.snoop"}
CUT_SHORT = {"ntop-nDPI__tests__cfgs__default__pcap__fuzz-2021-10-13.pcap"}
"""Its only record claims more bytes than any tool captures; the index counts it all the same."""


@pytest.mark.slow
def test_every_packet_has_one_verdict(test_data: Path) -> None:
    """2,309 captures; their packets are as many as another tool counted, and in a flow or in one counter of losses."""
    folder, problems, refused, with_flows = test_data / "captures", [], set(), 0
    with (folder / "index.csv").open() as index:
        captures = [(row["file"], int(row["packets"] or 0)) for row in csv.DictReader(index)]
    assert len(captures) > 2000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, packets in captures:
        try:
            flows, counts, _ = read(folder / name)
        except UnsupportedFormat:
            refused.add(Path(name).name)
            continue
        with_flows += flows.height > 0
        in_flows = packets_in(flows)
        order = flows.select("ts_end", "uid")
        checks = {
            "verdicts": sum(counts[verdict] for verdict in VERDICTS) == counts["packets"],
            "in flows": in_flows == counts["packets_in_flows"],
            "flows": flows.height == counts["flows"],
            "uids": flows["uid"].n_unique() == flows.height,
            "order": order.equals(order.sort("ts_end", "uid")) or counts["late_flows"] + counts["clock_resets"] > 0,
            "packets": counts["packets"] == packets or Path(name).name in CUT_SHORT,
        }
        problems += [f"{name}: {check}: {counts}" for check, holds in checks.items() if not holds]
    assert problems == []
    assert refused == NO_CAPTURE
    assert with_flows > 1800
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2 << 20  # kB: nothing piles up, whatever other tests of this process needed before
