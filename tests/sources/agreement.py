"""Whether two tables of flows of the same packets say the same, in the words of group `conn`."""

from __future__ import annotations

import polars as pl

from clan.schema import features_of

KEY = ["src_ip", "src_port", "dst_ip", "dst_port", "protocol"]
CONN = [feature.name for feature in features_of(["conn"])]


def pair(packets: pl.DataFrame, others: pl.DataFrame, *, share: float) -> pl.DataFrame:
    """Put flows of conversations beside each other that packets cut into one flow; a share of them must be there."""
    once = packets.filter(pl.len().over(KEY) == 1)
    both = once.join(others, on=KEY, how="inner", suffix="_other")
    assert both.height >= share * once.height
    return both


def assert_agree(both: pl.DataFrame, *, duration_us: int) -> list[str]:
    """Check every column that both tell: counts exactly, durations within a tolerance, rates within what follows.

    Returns:
        The columns that were compared.
    """
    told = [n for n in CONN if both[n].null_count() == 0 and both[f"{n}_other"].null_count() == 0]
    for name in told:
        ours, theirs = both[name], both[f"{name}_other"]
        if name == "conn_duration":
            assert int((ours - theirs).abs().max()) <= duration_us  # type: ignore[arg-type]
        elif name.endswith("_per_s"):
            # a rate is as uncertain as the duration that it is divided by; below 50 times that it says little
            long = both["conn_duration"] > 50 * duration_us
            near = (ours - theirs).abs() <= (duration_us / both["conn_duration"] * 2 + 1e-9) * ours.abs() + 1e-6
            assert near.filter(long).all(), name
        else:
            assert (ours - theirs).abs().max() <= 1e-9 * max(float(ours.abs().max()), 1.0), name  # type: ignore[operator,arg-type]
    return told
