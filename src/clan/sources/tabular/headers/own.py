"""What clan itself writes: `clan flows -o`, under its own names."""

from __future__ import annotations

import polars as pl

from clan.schema import CARRIED, GROUPS, IDENTITY
from clan.sources.tabular.headers.layout import Layout, zoned_clock

_TIMES = ("ts_start", "ts_end")

OWN = Layout(
    name="clan",
    needed=frozenset({"uid", "ts_start", "ts_end", "src_ip", "dst_ip", "protocol", "source"}),
    columns={
        **{name: zoned_clock(name) if name in _TIMES else pl.col(name) for name in IDENTITY},
        **{feature.name: pl.col(feature.name) for features in GROUPS.values() for feature in features},
    },
    text=frozenset({*(name for name, dtype in IDENTITY.items() if dtype != pl.Int64()), *CARRIED}),
    labels=("label",),
    identifiers=frozenset({*IDENTITY, *CARRIED}),
    groups=tuple(GROUPS),
)
