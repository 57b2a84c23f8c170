"""Labelled data sets of the literature, read from files that the user has."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs

from clan.errors import SchemaError, SourceUnavailable, UnknownNameError


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """A data set.

    Attributes:
        features: Numeric columns, finite, float64.
        labels: Class of each row.
        benign: Name of the benign class.
        train: Rows that training may come from (True); None when the protocol splits the benign rows itself.
    """

    features: pl.DataFrame
    labels: pl.Series
    benign: str
    train: pl.Series | None = None


_CICIDS_IDENTIFIERS = (
    "id",
    "Flow ID",
    "Src IP",
    "Src Port",
    "Dst IP",
    "Dst Port",
    "Protocol",
    "Timestamp",
    "Attempted Category",
)

_NSL_KDD_TEXT = {1: "protocol_type", 2: "service", 3: "flag"}
_NSL_KDD_COLUMNS = [_NSL_KDD_TEXT.get(i, f"feature_{i}") for i in range(41)] + ["label", "difficulty"]


def read_cicids2017(path: str | Path) -> Labelled:
    """Read the corrected CIC-IDS2017 (CSV, also compressed): identifiers dropped, infinities and gaps 0.

    Raises:
        SourceUnavailable: No such file.
        SchemaError: Not this data set.

    Source:
        Engelen et al. 2021 and Liu et al. 2022, the corrected release.
    """
    frame = _open(path, lambda p: pl.read_csv(p, infer_schema_length=None))
    _expect(frame, (*_CICIDS_IDENTIFIERS, "Label"), path)
    return Labelled(features=_finite(frame.drop(*_CICIDS_IDENTIFIERS, "Label")), labels=frame["Label"], benign="BENIGN")


def read_unsw_nb15(path: str | Path) -> Labelled:
    """Read the UNSW-NB15 partition (CSV or zipped CSV): `id`, `label` dropped, text columns one-hot.

    Raises:
        SourceUnavailable: No such file.
        SchemaError: Not this data set.

    Source:
        Moustafa and Slay 2015.
    """
    frame = _open(path, _read_zipped_csv)
    _expect(frame, ("id", "label", "attack_cat", "proto", "service", "state"), path)
    features = frame.drop("id", "label", "attack_cat").to_dummies(["proto", "service", "state"])
    return Labelled(features=_finite(features), labels=frame["attack_cat"], benign="Normal")


def read_nsl_kdd(path: str | Path) -> Labelled:
    """Read NSL-KDD from its folder: KDDTrain+_20Percent to train, KDDTest+ to test, text columns one-hot.

    Raises:
        SourceUnavailable: No such folder or files.

    Source:
        Tavallaee et al. 2009.
    """
    names = ("KDDTrain+_20Percent.txt", "KDDTest+.txt")
    parts = [
        _open(Path(path) / name, lambda p: pl.read_csv(p, has_header=False, new_columns=_NSL_KDD_COLUMNS))
        for name in names
    ]
    frame = pl.concat(parts, how="vertical_relaxed")
    _expect(frame, tuple(_NSL_KDD_COLUMNS), path)
    features = frame.drop("label", "difficulty").to_dummies(list(_NSL_KDD_TEXT.values()))
    train = pl.Series([True] * parts[0].height + [False] * parts[1].height)
    return Labelled(features=_finite(features), labels=frame["label"], benign="normal", train=train)


DATASETS: dict[str, Callable[[str | Path], Labelled]] = {
    "cicids2017": read_cicids2017,
    "nsl_kdd": read_nsl_kdd,
    "unsw_nb15": read_unsw_nb15,
}
"""Data set name to reader."""


def read_dataset(name: str, path: str | Path) -> Labelled:
    """Read a data set by name.

    Raises:
        UnknownNameError: No data set has this name.
        SourceUnavailable: No such file.
        SchemaError: The file is another data set.
    """
    if name not in DATASETS:
        raise UnknownNameError("data set", name, DATASETS)
    return DATASETS[name](path)


def _open(path: str | Path, read: Callable[[Path], pl.DataFrame]) -> pl.DataFrame:
    try:
        return read(Path(path))
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except (pl.exceptions.PolarsError, zipfile.BadZipFile) as error:
        raise SchemaError(f"{path} is not a CSV table: {error}") from error


def _read_zipped_csv(path: Path) -> pl.DataFrame:
    if path.suffix != ".zip":
        return pl.read_csv(path, infer_schema_length=None)
    with zipfile.ZipFile(path) as archive:
        return pl.read_csv(io.BytesIO(archive.read(archive.namelist()[0])), infer_schema_length=None)


def _expect(frame: pl.DataFrame, columns: tuple[str, ...], path: str | Path) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise SchemaError(f"{path} lacks the columns {', '.join(missing)}; is it another data set?")


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn every column into float64, and what is not finite into 0, as the protocols ask."""
    return frame.with_columns(cs.all().cast(pl.Float64, strict=False)).with_columns(
        pl.when(cs.all().is_finite()).then(cs.all()).otherwise(0.0).name.keep()
    )
