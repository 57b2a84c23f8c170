"""A labelled data set as its files have it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import polars as pl

from clan.errors import DataQualityWarning, SchemaError


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledTable:
    """Rows with their classes.

    Attributes:
        features: What a model may look at: numbers as float64, gaps null and infinities left; text as String.
        labels: Class of each row as the file names it, trimmed, each run of characters beyond ASCII a hyphen.
        identifiers: Who, when and which row: never features, because they tell the class by how the data were made.
        times: Start of each row where the file has it.
        training: Whether the data set means the row for training; None where it says nothing.
    """

    features: pl.DataFrame
    labels: pl.Series
    identifiers: pl.DataFrame
    times: pl.Series | None = None
    training: pl.Series | None = None


def plain_labels(labels: pl.Series) -> pl.Series:
    r"""Trim labels, and write dashes that were lost in some encoding as a hyphen between blanks.

    Example:
        >>> plain_labels(pl.Series([" DDoS", "Web Attack \x96 XSS", "Web Attack \ufffd XSS"])).to_list()
        ['DDoS', 'Web Attack - XSS', 'Web Attack - XSS']
    """
    return labels.str.replace_all(r"\s*[^\x20-\x7e]+\s*", " - ").str.strip_chars().alias("label")


def labelled_rows(frame: pl.DataFrame, label: str, name: str) -> pl.DataFrame:
    """Leave out rows without a label, with a warning: a file that was cut off ends in one.

    Raises:
        SchemaError: No row has a label.
    """
    kept = frame.filter(pl.col(label).is_not_null())
    if not kept.height:
        raise SchemaError(f"{name} has no row with a value in the column {label!r}")
    if kept.height < frame.height:
        message = f"{name}: {frame.height - kept.height:,} of {frame.height:,} rows have no {label} and are left out"
        warnings.warn(message, DataQualityWarning, stacklevel=2)
    return kept
