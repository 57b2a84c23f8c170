"""What a model learnt, in words: the clusters of normal, and how much more data would help."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from clan.alerts.quantity import quantity
from clan.alerts.transport import transport_words
from clan.counted import counted
from clan.schema import WITH_PORTS

N_CLUSTERS: Final = 8
LEAST_SHARE: Final = 0.2
"""A service is named where it has this share of a cluster."""
DYNAMIC_PORTS: Final = 32_768
"""Ports from here on are handed out by systems; a cluster is not described by one of them."""

_SIZES: Final = (
    (("conn_fwd_payload", "fwd_pkt_len_tot", "conn_fwd_bytes"), "out"),
    (("conn_bwd_payload", "bwd_pkt_len_tot", "conn_bwd_bytes"), "back"),
    (("conn_duration", "flow_duration"), "long"),
)
"""Columns that tell a size, the first that a table has; and what it is the size of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NormalCluster:
    """Flows of the training data that are alike.

    Attributes:
        share: Of all flows, in (0, 1].
        n_flows: How many of the sample that was looked at.
        services: Protocol and port of the responder, and share of the cluster, the commonest first; those with a share
            of `LEAST_SHARE`, at most two.
        n_sources: Different originators among them, None where addresses are unknown.
        n_destinations: Different responders among them, or None.
        sizes: Middle values of what the source tells, such as ``"1.2 kB out"``.
        example: The uid of the flow nearest to the middle of the cluster, or None.
    """

    share: float
    n_flows: int
    services: tuple[tuple[str, float], ...]
    n_sources: int | None
    n_destinations: int | None
    sizes: tuple[str, ...]
    example: str | None

    @property
    def sentence(self) -> str:
        """The cluster in one line; uids are as the source spelt them, not escaped."""
        what = " or ".join(f"{name} ({share:.0%})" for name, share in self.services) or "various services"
        parts = [f"{self.share:.1%} of flows: {what}"]
        if self.n_sources is not None and self.n_destinations is not None:
            parts.append(f"{counted(self.n_sources, 'source')} to {counted(self.n_destinations, 'destination')}")
        if self.sizes:
            parts.append(f"in the middle {', '.join(self.sizes)}")
        if self.example is not None:
            parts.append(f"for example {self.example}")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The cluster as JSON values."""
        return {
            "share": round(self.share, 4),
            "flows": self.n_flows,
            "services": [{"name": name, "share": round(share, 4)} for name, share in self.services],
            "sources": self.n_sources,
            "destinations": self.n_destinations,
            "sizes": list(self.sizes),
            "example": self.example,
        }


def normal_clusters(
    flows: pl.DataFrame, scaled: NDArray[np.float32], *, n_clusters: int = N_CLUSTERS, seed: int = 0
) -> list[NormalCluster]:
    """Group benign flows into a handful of clusters and describe each.

    They are a reader's digest: the model itself keeps hundreds of prototypes.

    Args:
        flows: Benign flows; identity columns and sizes are used where they are there. Height n >= 1.
        scaled: The same flows as the model sees them. Shape `(n, n_features)`, finite.
        n_clusters: At the most, >= 1.
        seed: Of the clustering.

    Returns:
        The clusters, the largest first.
    """
    n_clusters = min(n_clusters, len(np.unique(scaled[:10_000], axis=0)))
    model = MiniBatchKMeans(n_clusters, random_state=seed, n_init=3, batch_size=4096).fit(scaled)
    nearest = model.transform(scaled).min(axis=1)
    found = []
    for label in range(n_clusters):
        rows = np.flatnonzero(model.labels_ == label)
        if len(rows):
            found.append(_describe(flows[rows], len(rows) / len(scaled), int(nearest[rows].argmin())))
    return sorted(found, key=lambda cluster: -cluster.share)


def _describe(flows: pl.DataFrame, share: float, middle: int) -> NormalCluster:
    """Describe the flows of one cluster; `middle` is the row nearest to its centre."""
    return NormalCluster(
        share=share,
        n_flows=flows.height,
        services=_services(flows),
        n_sources=_distinct(flows, "src_ip"),
        n_destinations=_distinct(flows, "dst_ip"),
        sizes=tuple(_sizes(flows)),
        example=None if "uid" not in flows.columns else flows["uid"][middle],
    )


def _services(flows: pl.DataFrame) -> tuple[tuple[str, float], ...]:
    """Name the services that make up most of a cluster."""
    if not {"protocol", "dst_port"} <= set(flows.columns) or flows["protocol"].null_count() == flows.height:
        return ()
    named: Counter[str] = Counter()
    numbers = flows.select(
        pl.col(name).cast(pl.Int64) if name in flows.columns else pl.lit(None, pl.Int64()).alias(name)
        for name in ("protocol", "src_port", "dst_port")
    )
    ported = pl.col("protocol").is_in(WITH_PORTS)
    kinds = numbers.with_columns(  # what is not told apart is not counted apart
        src_port=pl.when(~ported).then("src_port"),
        dst_port=pl.when(ported & (pl.col("dst_port") >= DYNAMIC_PORTS)).then(DYNAMIC_PORTS).otherwise("dst_port"),
    )
    for protocol, src_port, dst_port, n in kinds.group_by(kinds.columns).len().iter_rows():
        if protocol is not None:
            named[_service(protocol, src_port, dst_port)] += n
    common = sorted(named.items(), key=lambda item: (-item[1], item[0]))[:2]
    return tuple((name, n / flows.height) for name, n in common if n / flows.height >= LEAST_SHARE)


def _service(protocol: int, src_port: int | None, dst_port: int | None) -> str:
    words = transport_words(protocol, src_port, dst_port)
    if dst_port is None or protocol not in WITH_PORTS:
        return words
    return f"{words} to high ports" if dst_port >= DYNAMIC_PORTS else f"{words} to port {dst_port}"


def _distinct(flows: pl.DataFrame, column: str) -> int | None:
    if column not in flows.columns or flows[column].null_count() == flows.height:
        return None
    return int(flows[column].drop_nulls().n_unique())


def _sizes(flows: pl.DataFrame) -> list[str]:
    """Write the middle values of what there is."""
    told = []
    for columns, what in _SIZES:
        name = next((c for c in columns if c in flows.columns and flows[c].null_count() < flows.height), None)
        if name is not None:
            middle = flows[name].cast(pl.Float64).median()
            if isinstance(middle, float):
                told.append(f"{quantity(middle, 'us' if what == 'long' else 'bytes')} {what}")
    return told
