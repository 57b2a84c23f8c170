"""The 75 columns of a flow, each computed from all of its packets, by the sentences of `lycos-columns.csv`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from tests.flows.build import ACK, CWR, ECE, FIN, PSH, RST, SYN, URG
from tests.flows.reference import SECOND, Flow, Seen

Number = int | Fraction | float


def mean(values: Sequence[int]) -> Number:
    return Fraction(sum(values), len(values)) if values else 0


def variance(values: Sequence[int]) -> Number:
    if len(values) < 2:
        return 0
    middle = mean(values)
    return sum((value - middle) ** 2 for value in values) / (len(values) - 1)


def deviation(values: Sequence[int]) -> float:
    return math.sqrt(variance(values))


def gaps_of(seen: Sequence[Seen]) -> list[int]:
    return [after.ts - before.ts for before, after in pairwise(seen)]


def extremes(name: str, values: Sequence[int]) -> dict[str, Number]:
    return {
        f"{name}_max": max(values, default=0),
        f"{name}_min": min(values, default=0),
        f"{name}_mean": mean(values),
        f"{name}_std": deviation(values),
    }


def columns_of(flow: Flow) -> dict[str, Number]:
    """All 75 features of a flow."""
    ways = {"fwd": [s for s in flow.seen if s.forward], "bwd": [s for s in flow.seen if not s.forward]}
    out: dict[str, Number] = {"flow_duration": flow.last - flow.first}
    out |= totals(flow, ways)
    out |= extremes("iat", gaps_of(flow.seen)) | activity(flow.seen) | flags(flow.seen, ways)
    subflows = 1 + sum(gap > SECOND for gap in gaps_of(flow.seen))
    for way, seen in ways.items():
        out |= direction(way, seen) | bulks(way, flow.seen, forward=way == "fwd")
        out[f"{way}_iat_tot"] = sum(gaps_of(seen))
        out |= extremes(f"{way}_iat", gaps_of(seen))
        out[f"{way}_subflow_bytes_mean"] = Fraction(sum(s.packet.payload for s in seen), subflows)
        out[f"{way}_subflow_pkt_mean"] = Fraction(len(seen), subflows)
        missing = 0 if flow.protocol == 6 and way == "fwd" else -1
        out[f"{way}_tcp_init_win_bytes"] = seen[0].packet.window if flow.protocol == 6 and seen else missing
    return out


def totals(flow: Flow, ways: dict[str, list[Seen]]) -> dict[str, Number]:
    """Lengths of all packets, rates and the ratio of the directions."""
    lengths = [s.packet.payload for s in flow.seen]
    seconds = Fraction(flow.last - flow.first, SECOND)

    def rate(amount: int) -> Number:
        return amount / seconds if seconds else 0

    forward, backward = len(ways["fwd"]), len(ways["bwd"])
    return {
        "down_up_ratio": Fraction(backward, forward) if forward else 0,
        "pkt_len_max": max(lengths),
        "pkt_len_min": min(lengths),
        "pkt_len_mean": mean(lengths),
        "pkt_len_var": variance(lengths),
        "pkt_len_std": deviation(lengths),
        "bytes_per_s": rate(sum(lengths)),
        "pkt_per_s": rate(len(lengths)),
        "fwd_pkt_per_s": rate(forward),
        "bwd_pkt_per_s": rate(backward),
    }


def direction(way: str, seen: list[Seen]) -> dict[str, Number]:
    """Packets, lengths and headers of one direction."""
    lengths, headers = [s.packet.payload for s in seen], [s.packet.header for s in seen]
    return {
        f"{way}_pkt_cnt": len(seen),
        f"{way}_pkt_len_tot": sum(lengths),
        f"{way}_pkt_len_max": max(lengths, default=0),
        f"{way}_pkt_len_min": min(lengths, default=0),
        f"{way}_pkt_len_mean": mean(lengths),
        f"{way}_pkt_len_std": deviation(lengths),
        f"{way}_pkt_hdr_len_tot": sum(headers),
        f"{way}_pkt_hdr_len_min": min(headers, default=0),
        f"{way}_non_empty_pkt_cnt": sum(length > 0 for length in lengths),
    }


def activity(seen: list[Seen]) -> dict[str, Number]:
    """Idle gaps above 5 s, and the periods that they end; a period of length 0 is not counted."""
    idle, active, since = [], [], seen[0].ts
    for before, after in pairwise(seen):
        if after.ts - before.ts > 5 * SECOND:
            idle.append(after.ts - before.ts)
            active.append(before.ts - since)
            since = after.ts
    return extremes("active", [period for period in active if period > 0]) | extremes("idle", idle)


def flags(seen: list[Seen], ways: dict[str, list[Seen]]) -> dict[str, Number]:
    """Packets with each flag."""

    def count(some: list[Seen], flag: int) -> int:
        return sum(bool(s.packet.flags & flag) for s in some)

    names = {"SYN": SYN, "fin": FIN, "rst": RST, "ack": ACK, "psh": PSH, "urg": URG, "cwr": CWR, "ece": ECE}
    out: dict[str, Number] = {f"flag_{name}": count(seen, flag) for name, flag in names.items()}
    out |= {f"{way}_flag_{name}": count(ways[way], names[name]) for way in ways for name in ("psh", "urg")}
    return out


def bulks(way: str, seen: list[Seen], *, forward: bool) -> dict[str, Number]:
    """Runs of four or more packets with payload in one direction, none of the other between, no gap above 1 s."""
    runs: list[list[Seen]] = []
    for s in (s for s in seen if s.packet.payload > 0):
        if runs and runs[-1][-1].forward == s.forward and s.ts - runs[-1][-1].ts <= SECOND:
            runs[-1].append(s)
        else:
            runs.append([s])
    found = [run for run in runs if len(run) >= 4 and run[0].forward == forward]
    size = sum(s.packet.payload for run in found for s in run)
    duration = sum(run[-1].ts - run[0].ts for run in found)
    return {
        f"{way}_bulk_bytes_mean": Fraction(size, len(found)) if found else 0,
        f"{way}_bulk_pkt_mean": Fraction(sum(map(len, found)), len(found)) if found else 0,
        f"{way}_bulk_rate_mean": size / Fraction(duration, SECOND) if duration else 0,
    }
