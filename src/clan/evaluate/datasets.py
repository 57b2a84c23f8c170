"""Labelled data sets of the literature: which classes they have, where their files are found, as numbers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import polars as pl
import polars.selectors as cs

from clan.errors import DataError, SourceUnavailable, UnknownNameError
from clan.sources.tabular import (
    LabelledTable,
    read_cicids2017,
    read_cicids2017_original,
    read_lycos_ids2017,
    read_nsl_kdd,
    read_unsw_nb15,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """A data set.

    Attributes:
        features: Numeric columns, finite, float64.
        labels: Class of each row.
        benign: Name of the benign class.
        train: Rows that training may come from (True); None when the protocol splits the benign rows itself.
        times: Start of each row, where the data set tells.
        identifiers: What was taken out of the features: addresses, ports, protocol, times, row numbers.
        name: Name in `DATASETS`; empty for other data.
        left_out: Rows of classes that the label map leaves out, by class.
    """

    features: pl.DataFrame
    labels: pl.Series
    benign: str
    train: pl.Series | None = None
    times: pl.Series | None = None
    identifiers: pl.DataFrame | None = None
    name: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """How to come by a data set.

    Attributes:
        title: What tables call it.
        read: Reads its files.
        benign: Name of the benign class.
        places: Where its files lie in a folder of data sets; the first that is there is taken.
        classes: Label of the files to class, for those that are named differently; "" leaves the rows out.
        choosing: Attack classes on which settings may be chosen; None: all of them. The rest is for reporting only.
        min_class_rows: Attack classes with fewer test rows are left out of protocol P1.
        common: Columns that mean the same in every data set, as expressions over the numeric columns.
    """

    title: str
    read: Callable[[str | Path], LabelledTable]
    benign: str
    places: tuple[str, ...]
    classes: Mapping[str, str] = field(default_factory=dict)
    choosing: tuple[str, ...] | None = None
    min_class_rows: int = 1
    common: Mapping[str, pl.Expr] = field(default_factory=dict)


_ATTEMPTED = (
    "Botnet",
    "DoS GoldenEye",
    "DoS Hulk",
    "DoS Slowhttptest",
    "DoS Slowloris",
    "FTP-Patator",
    "Infiltration",
    "SSH-Patator",
    "Web Attack - Brute Force",
    "Web Attack - SQL Injection",
    "Web Attack - XSS",
)
_CICIDS_CLASSES = {
    "Bot": "Botnet",
    "PortScan": "Portscan",
    "DoS slowloris": "DoS Slowloris",
    "Web Attack - Sql Injection": "Web Attack - SQL Injection",
}
_CICIDS_CHOOSING = ("DoS Hulk", "Portscan", "FTP-Patator", "Botnet")
_CICIDS_COMMON = {
    "duration_s": pl.col("Flow Duration") / 1e6,
    "fwd_bytes": pl.col("Total Length of Fwd Packet"),
    "bwd_bytes": pl.col("Total Length of Bwd Packet"),
    "fwd_packets": pl.col("Total Fwd Packet"),
    "bwd_packets": pl.col("Total Bwd packets"),
}

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        "cicids2017": Dataset(
            title="CIC-IDS2017 (corrected)",
            read=read_cicids2017,
            benign="BENIGN",
            places=(
                "cicids2017_improved.csv.gz",
                "cicids2017_improved.csv",
                "cicids2017_improved",
                "CICIDS2017_improved",
            ),
            # flows of an attacker that never reached the service: neither attack nor benign traffic
            classes=_CICIDS_CLASSES | {f"{name} - Attempted": "" for name in _ATTEMPTED},
            choosing=_CICIDS_CHOOSING,
            common=_CICIDS_COMMON,
        ),
        "cicids2017_original": Dataset(
            title="CIC-IDS2017 (original)",
            read=read_cicids2017_original,
            benign="BENIGN",
            places=(
                "MachineLearningCVE",
                "MachineLearningCSV.zip",
                "GeneratedLabelledFlows",
                "GeneratedLabelledFlows.zip",
            ),
            classes=_CICIDS_CLASSES,
            choosing=_CICIDS_CHOOSING,
            common=_CICIDS_COMMON,
        ),
        "lycos": Dataset(
            title="LYCOS-IDS2017",
            read=read_lycos_ids2017,
            benign="benign",
            places=("lycos.csv", "lycos.csv.gz", "lycos.csv.zst", "lycos.zip", "lycos"),
            choosing=("dos_hulk", "portscan", "ftp_patator", "bot"),
            common={
                "duration_s": pl.col("flow_duration") / 1e6,
                "fwd_bytes": pl.col("fwd_pkt_len_tot"),
                "bwd_bytes": pl.col("bwd_pkt_len_tot"),
                "fwd_packets": pl.col("fwd_pkt_cnt"),
                "bwd_packets": pl.col("bwd_pkt_cnt"),
            },
        ),
        "nsl_kdd": Dataset(
            title="NSL-KDD",
            read=read_nsl_kdd,
            benign="normal",
            places=("nsl_kdd", "NSL-KDD", "NSL-KDD.zip", "nsl-kdd"),
            min_class_rows=10,
            common={
                "duration_s": pl.col("duration"),
                "fwd_bytes": pl.col("src_bytes"),
                "bwd_bytes": pl.col("dst_bytes"),
            },
        ),
        "unsw_nb15": Dataset(
            title="UNSW-NB15",
            read=read_unsw_nb15,
            benign="Normal",
            places=("unsw_nb15", "UNSW-NB15", "UNSW_NB15"),
            classes={"Backdoors": "Backdoor"},
            common={
                "duration_s": pl.col("dur"),
                "fwd_bytes": pl.col("sbytes"),
                "bwd_bytes": pl.col("dbytes"),
                "fwd_packets": pl.col("spkts"),
                "bwd_packets": pl.col("dpkts"),
            },
        ),
    }
)
"""Name to data set."""


def dataset(name: str) -> Dataset:
    """Look up a data set.

    Raises:
        UnknownNameError: No data set has this name.
    """
    if name not in DATASETS:
        raise UnknownNameError("data set", name, DATASETS)
    return DATASETS[name]


def read_dataset(name: str, path: str | Path) -> Labelled:
    """Read a data set by name: identifiers out, text columns one-hot, infinities and gaps 0.

    Raises:
        UnknownNameError: No data set has this name.
        SourceUnavailable: No such file.
        SchemaError: The file is another data set.
        DataError: There is no benign row in it.
    """
    kind = dataset(name)
    table = kind.read(path)
    labels = table.labels.replace(dict(kind.classes))
    kept = labels != ""
    left_out = table.labels.filter(~kept).value_counts()
    if not (labels == kind.benign).any():
        found = ", ".join(map(str, labels.unique().sort().to_list()[:8]))
        raise DataError(f"{path} has no row of the benign class {kind.benign!r}; its classes are {found}")
    text = table.features.select(cs.string()).columns
    features = table.features.to_dummies(text) if text else table.features
    return Labelled(
        features=_finite(features.filter(kept)),
        labels=labels.filter(kept),
        benign=kind.benign,
        train=None if table.training is None else table.training.filter(kept),
        times=None if table.times is None else table.times.filter(kept),
        identifiers=table.identifiers.filter(kept),
        name=name,
        left_out=dict(left_out.rows()),
    )


def find_datasets(folder: str | Path) -> dict[str, Path]:
    """Find which data sets lie in a folder; name to path.

    Raises:
        SourceUnavailable: The folder is not there.
    """
    place = Path(folder)
    if not place.is_dir():
        raise SourceUnavailable(f"{folder} is no folder; expected one with data sets in it")
    found = {
        name: [place / where for where in kind.places if (place / where).exists()] for name, kind in DATASETS.items()
    }
    return {name: paths[0] for name, paths in found.items() if paths}


def common_columns(first: Labelled, second: Labelled) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the features of two data sets that mean the same in both: same names, or the same quantity.

    Raises:
        DataError: There are none.
    """
    same = [name for name in first.features.columns if name in second.features.columns]
    if len(same) > len(first.features.columns) // 2:  # releases of one data set
        return first.features.select(same), second.features.select(same)
    mine, other = dataset(first.name).common, dataset(second.name).common
    names = [name for name in mine if name in other]
    if not names:
        raise DataError(f"{first.name} and {second.name} have no column in common")
    return (
        first.features.select(mine[name].alias(name) for name in names),
        second.features.select(other[name].alias(name) for name in names),
    )


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn every column into float64, and what is not finite into 0, as the protocols ask."""
    return frame.with_columns(cs.all().cast(pl.Float64, strict=False)).with_columns(
        pl.when(cs.all().is_finite()).then(cs.all()).otherwise(0.0).name.keep()
    )
