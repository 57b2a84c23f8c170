"""What the fuzzers run: bytes to flows, with the promises checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from tests.flows.run import VERDICTS

from clan.errors import ClanError
from clan.flows import PACKET_GROUPS, FlowEngine, FlowSettings
from clan.sources.packets import PacketReader


class BytesStream:
    """A capture in memory, read like a file."""

    path = "fuzz"
    damage = None

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def readinto(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Copy what fits."""
        piece = self._data[self._at : self._at + buffer.size]
        buffer[: len(piece)] = np.frombuffer(piece, np.uint8)
        self._at += len(piece)
        return len(piece)


def read_bytes(data: bytes) -> pl.DataFrame | None:
    """Read a capture; gives its flows, or None where it is refused with an error of clan's own.

    The first byte chooses the profile, so that the fuzzer reaches both, and the length the feature groups.
    """
    profile = "lycos" if data[:1] == b"L" else "default"
    groups = PACKET_GROUPS if len(data) % 4 == 0 else ("flow",)
    engine = FlowEngine(FlowSettings(profile=profile, max_flows=32), source="fuzz", groups=groups)
    batches: list[pl.DataFrame] = []
    with np.errstate(over="ignore"):  # hashes wrap, which compiled code does in silence
        try:
            reader = PacketReader(BytesStream(data[1:]), chunk_bytes=4096)  # type: ignore[arg-type]
            for packets in reader.chunks():
                batches += engine.feed(packets)
        except ClanError:
            return None
        batches += engine.finish()
    counts = engine.counts()
    assert sum(counts[name] for name in VERDICTS) == counts["packets"], counts
    flows = pl.concat(batches) if batches else None
    if flows is not None:
        in_flows = int((flows["fwd_pkt_cnt"] + flows["bwd_pkt_cnt"]).sum())
        assert in_flows <= counts["packets_in_flows"]
        if "conn" in groups:
            assert (flows["conn_fwd_bytes"] >= flows["conn_fwd_packets"]).all()
        if profile == "default":
            assert in_flows == counts["packets_in_flows"], (in_flows, counts)
            assert flows.height == counts["flows"]
            assert (flows["flow_duration"] >= 0).all()  # profile lycos follows a clock that runs backward
    return flows
