"""Argus records as a source of flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from clan.errors import SchemaError
from clan.flows import FlowSettings, RowUids, icmp_ports
from clan.schema import CONN_MEASURED
from clan.sources.argus.state import flags
from clan.sources.groups import wanted_groups
from clan.sources.records import Parsed, RecordSource
from clan.sources.tabular import PROTOCOLS, RowReader, header_of

GROUPS: Final = ("conn",)
_NEEDED: Final = {
    "StartTime",
    "Dur",
    "Proto",
    "SrcAddr",
    "Sport",
    "DstAddr",
    "Dport",
    "State",
    "TotPkts",
    "TotBytes",
    "SrcBytes",
}
_TEXT: Final = frozenset({"StartTime", "Proto", "SrcAddr", "Sport", "Dir", "DstAddr", "Dport", "State", "Label"})
_TIMES: Final = ("%Y/%m/%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
_IP: Final = r"^(\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*)$"
_MAC: Final = r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"


class ArgusParser:
    """What is particular to Argus: comma or tab, ports as hexadecimal, states.

    Args:
        path: What messages call the file.
        strict: Raise at the first value that cannot be read.
        follow: The file grows.
    """

    kind = "argus"

    def __init__(self, path: str, *, strict: bool = False, follow: bool = False) -> None:
        self._path, self._strict = path, strict
        self._reader: RowReader | None = None
        self._n = 0
        self._uids = RowUids()
        self._no_ip = 0

    def parse(self, piece: bytes) -> Parsed:
        """Make rows of whole lines; the uid follows from what the record says.

        Raises:
            SchemaError: A column is missing.
        """
        if self._reader is None:
            line, _, piece = piece.partition(b"\n")
            self._reader = self._open(line)
        before = dict(self._reader.counts)
        rows = self._reader.read(piece)
        parsed = Parsed(self._measured(rows))
        parsed.counts.update({name: n - before.get(name, 0) for name, n in self._reader.counts.items()})
        return parsed

    def _open(self, line: bytes) -> RowReader:
        names = _names(line)
        missing = sorted(_NEEDED - set(names))
        if missing:
            raise SchemaError(f"{self._path} lacks the columns {', '.join(missing)} of Argus records")
        return RowReader(names, _TEXT, "\t" if b"\t" in line else ",", self._path, self._strict)

    def _measured(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Say what records of IP traffic tell; those of other protocols are counted, and are no flows."""
        rows = rows.with_columns(row=pl.int_range(pl.len()) + self._n + 1)
        self._n += rows.height
        lower = pl.col("Proto").str.to_lowercase()
        named = lower.replace_strict(dict(PROTOCOLS), default=None, return_dtype=pl.Int64)
        start = pl.coalesce(pl.col("StartTime").str.to_datetime(form, time_unit="us", strict=False) for form in _TIMES)
        rows = rows.with_columns(
            protocol=pl.coalesce(named, lower.str.extract(r"^(\d{1,3})$").cast(pl.Int64, strict=False)),
            ts_start=start.dt.timestamp("us"),
            duration=(pl.col("Dur") * 1e6).round().cast(pl.Int64, strict=False),
        )
        hosts = pl.col("SrcAddr", "DstAddr")
        is_ip = pl.all_horizontal(hosts.str.contains(_IP) & ~hosts.str.contains(_MAC), pl.col("protocol").is_not_null())
        kept = rows.filter(is_ip.fill_null(value=False))
        self._no_ip += rows.height - kept.height
        told = self._with_ports(kept).select(*_IDENTITY, *_measurements("SrcPkts" in kept.columns), _label(kept))
        return told.with_columns(uid=self._uids.of(told.select(_TOLD_APART_BY)))

    def _with_ports(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Read ports; those of ICMP are type and code, which Argus writes in one number, the code first."""
        rows = rows.with_columns(_port("Sport"), _port("Dport"))
        protocol = rows["protocol"].clip(0, 255).to_numpy().astype(np.uint8)
        src, dst = (rows[name].fill_null(0).to_numpy().astype(np.uint16) for name in ("Sport", "Dport"))
        turned = (src & np.uint16(0xFF)) << np.uint16(8) | src >> np.uint16(8)
        kind, code = icmp_ports(protocol, src, dst, turned)
        is_icmp = pl.col("protocol").is_in([1, 58])
        return rows.with_columns(
            Sport=pl.when(is_icmp).then(pl.Series(kind.astype(np.int64))).otherwise("Sport"),
            Dport=pl.when(is_icmp).then(pl.Series(code.astype(np.int64))).otherwise("Dport"),
        )

    def header_in(self, head: bytes) -> bytes:
        """Give the line that names the columns."""
        return head[: head.find(b"\n") + 1]

    def rest(self) -> Parsed | None:
        """Give nothing: every line is a flow."""
        return None

    def enrich(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Leave it as it is."""
        return frame

    def counts(self) -> Mapping[str, int]:
        """Give what else became of the lines."""
        return {"records_of_other_types": self._no_ip}

    def warnings(self) -> list[str]:
        """Give nothing: the lines speak for themselves."""
        return []

    def close(self) -> None:
        """Release nothing."""


_IDENTITY: Final = (
    pl.col("row"),
    pl.col("ts_start"),
    (pl.col("ts_start") + pl.col("duration")).alias("ts_end"),
    pl.col("SrcAddr").alias("src_ip"),
    pl.col("Sport").alias("src_port"),
    pl.col("DstAddr").alias("dst_ip"),
    pl.col("Dport").alias("dst_port"),
    pl.col("protocol"),
)
_TOLD_APART_BY: Final = (
    *("src_ip", "dst_ip", "ts_start", "ts_end", "src_port", "dst_port", "protocol"),
    *("conn_fwd_packets", "conn_bwd_packets", "conn_fwd_bytes", "conn_bwd_bytes"),
)


def _measurements(has_packets: bool) -> list[pl.Expr]:  # noqa: FBT001 - private
    """Fill the measured columns of group conn; older files do not tell packets by direction."""
    packets = pl.col("SrcPkts") if has_packets else pl.lit(None)
    told = {
        "conn_duration": pl.col("duration"),
        "conn_fwd_packets": packets,
        "conn_bwd_packets": pl.col("TotPkts") - packets,
        "conn_fwd_bytes": pl.col("SrcBytes"),
        "conn_bwd_bytes": pl.col("TotBytes") - pl.col("SrcBytes"),
        **{f"conn_{side}_{flag}": flags(side, flag) for side in ("fwd", "bwd") for flag in ("syn", "fin", "rst")},
    }
    return [told.get(name, pl.lit(None)).cast(pl.Int64, strict=False).alias(name) for name in CONN_MEASURED]


def _label(rows: pl.DataFrame) -> pl.Expr:
    return (pl.col("Label") if "Label" in rows.columns else pl.lit(None)).cast(pl.String).alias("label")


def open_argus(
    paths: Sequence[str], _settings: FlowSettings, *, features: Sequence[str] | None = None, strict: bool = False
) -> RecordSource:
    """Open Argus records, the parts of one stream.

    Raises:
        SourceUnavailable: A file cannot be opened.
        ConfigError: A feature group that records cannot tell.
    """
    wanted_groups(features, told=GROUPS, kind="argus")
    return RecordSource(paths, ArgusParser(paths[0], strict=strict), strict=strict)


def is_argus(head: bytes, _path: str) -> bool:
    """Recognise Argus records by the names in their first line."""
    return set(_names(head.partition(b"\n")[0])) >= _NEEDED


def _names(line: bytes) -> list[str]:
    return header_of(line[: 1 << 14], "\t" if b"\t" in line else ",")


def _port(name: str) -> pl.Expr:
    """Read a port, decimal or hexadecimal; null where there is none."""
    text = pl.col(name)
    hexadecimal = text.str.extract(r"^0x([0-9A-Fa-f]{1,4})$").str.to_integer(base=16, strict=False)
    port = pl.coalesce(hexadecimal, text.str.extract(r"^(\d{1,5})$").cast(pl.Int64, strict=False))
    return pl.when(port.is_between(0, 65535)).then(port).alias(name)
