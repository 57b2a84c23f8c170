"""The context by its definition: for each flow, all flows before it are gone through anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from clan.schema.context_group import CONTEXT_GROUP, ENTITIES, HORIZON_S, LAST_FLOWS, WINDOWS

Flow = dict[str, Any]
KEYS: dict[str, Callable[[Flow], Any]] = {
    "src": lambda f: f["src"],
    "dst": lambda f: f["dst"],
    "pair": lambda f: (f["src"], f["dst"]),
    "svc": lambda f: (f["dst"], f["port"]),
    "srcport": lambda f: (f["src"], f["port"]),
}
OTHERS = {"src": "dst", "dst": "src", "pair": "port", "svc": "src", "srcport": "dst"}


def context_of(flows: Sequence[Flow]) -> list[dict[str, float | None]]:
    """Give each flow its columns, by name."""
    found, seen, began, clock = [], list[Flow](), 0.0, -math.inf
    for flow in flows:
        now = max(clock, flow["end_s"])
        if not flow.get("early"):
            if not seen or abs(flow["end_s"] - clock) > HORIZON_S:
                seen, began, now = [], flow["end_s"], flow["end_s"]
            clock = now
        found.append(_columns(flow, seen, now, began))
        if not flow.get("early"):
            seen.append(flow | {"at": now})
    return found


def _columns(flow: Flow, seen: Sequence[Flow], now: float, began: float) -> dict[str, float | None]:
    columns: dict[str, float | None] = {}
    for prefix in ENTITIES:
        columns |= _entity(prefix, flow, [f for f in seen if KEYS[prefix](f) == KEYS[prefix](flow)], now)
    for prefix in ("src", "dst"):
        own = [f for f in seen if f[prefix] == flow[prefix]]
        for window, seconds in WINDOWS.items():
            columns[f"ctx_{prefix}_ports_{window}"] = _distinct(own, "port", now, seconds)
    told = bool(seen) and now - began >= HORIZON_S
    recent = [f for f in seen if now - f["at"] <= HORIZON_S and f["src"] == flow["src"]]
    for name, keys in (("peer", ["dst"]), ("service", ["dst", "port"]), ("port", ["port"])):
        is_new = not any(all(f[key] == flow[key] for key in keys) for f in recent)
        columns[f"ctx_new_{name}"] = float(is_new) if told else None
    assert columns.keys() == {feature.name for feature in CONTEXT_GROUP}
    return columns


def _entity(prefix: str, flow: Flow, own: Sequence[Flow], now: float) -> dict[str, float | None]:
    def count(seconds: float, of: Callable[[Flow], float] = lambda f: 1.0) -> float:
        return sum(of(f) * math.exp(-(now - f["at"]) / seconds) for f in own)

    def share(seconds: float, of: Callable[[Flow], float]) -> float:
        return count(seconds, of) / (count(seconds) + 1)

    awake = bool(own) and now - own[-1]["at"] <= HORIZON_S
    columns: dict[str, float | None] = {}
    for window, seconds in WINDOWS.items():
        columns[f"flows_{window}"] = count(seconds)
        columns[f"{ENTITIES[prefix][2]}_{window}"] = _distinct(own, OTHERS[prefix], now, seconds)
    columns["unanswered_60s"] = share(60, _unanswered)
    columns["reset_15m"] = share(900, lambda f: f["protocol"] == 6 and f["fwd_rst"] + f["bwd_rst"] > 0)
    columns["tiny_60s"] = share(60, lambda f: f["fwd_packets"] + f["bwd_packets"] <= 3)
    last = own[_awake_from(own, now) :][-LAST_FLOWS:]
    columns["same_size_last"] = sum(_near(f, flow) for f in last) / (len(last) + 1)
    failed = count(900, _failed)
    columns["failed_per_success_15m"] = failed / (count(900) - failed + 1)
    out, back = count(900, lambda f: f["fwd_bytes"]), count(900, lambda f: f["bwd_bytes"])
    columns["bytes_out_15m"], columns["bytes_in_15m"] = out, back
    columns["in_share_15m"] = back / (out + back) if awake and out + back > 0 else 0.0
    columns["gap_mean"], columns["regularity"] = _gaps(own, now) if awake else (0.0, 0.0)
    return {f"ctx_{prefix}_{name}": value for name, value in columns.items()}


def _distinct(own: Sequence[Flow], key: str, now: float, seconds: float) -> float:
    latest = {(f[key], f["protocol"]) if key == "port" else f[key]: f["at"] for f in own}
    return sum(math.exp(-(now - at) / seconds) for at in latest.values())


def _unanswered(flow: Flow) -> float:
    return float(flow["bwd_packets"] == 0)


def _failed(flow: Flow) -> float:
    refused = flow["protocol"] == 6 and flow["bwd_rst"] and not (flow["fwd_syn"] and flow["bwd_syn"])
    return float(_unanswered(flow) or bool(refused))


def _near(one: Flow, flow: Flow) -> bool:
    return all(abs(one[k] - flow[k]) <= max(8, flow[k] // 50) for k in ("fwd_bytes", "bwd_bytes"))


def _awake_from(own: Sequence[Flow], now: float) -> int:
    """Place of the first flow since the last silence of an hour."""
    times = [*(f["at"] for f in own), now]
    return max((i + 1 for i in range(len(own)) if times[i + 1] - times[i] > HORIZON_S), default=0)


def _gaps(own: Sequence[Flow], now: float) -> tuple[float, float]:
    weights, gaps, latest, before = list[float](), list[float](), 0.0, -math.inf
    for flow in own:
        start = flow["end_s"] - flow.get("lasts_s", 0.0)
        if flow["at"] - before > HORIZON_S:
            latest = start
        elif start >= latest:
            gaps.append(start - latest)
            weights.append(math.exp(-(now - flow["at"]) / 900))
            latest = start
        before = flow["at"]
    n = sum(weights)
    if not n:
        return 0.0, 0.0
    mean = sum(w * g for w, g in zip(weights, gaps, strict=True)) / n
    square = sum(w * g * g for w, g in zip(weights, gaps, strict=True)) / n
    if mean == 0:
        return 0.0, 0.0
    return mean, n / (n + 3) * mean / (mean + math.sqrt(max(square - mean**2, 0)))
