"""NSL-KDD, which has its own training and test rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from clan.errors import SchemaError, SourceUnavailable
from clan.sources.tabular.csv_file import read_csv
from clan.sources.tabular.headers.kdd import HEADER
from clan.sources.tabular.labelled_table import LabelledTable, labelled_rows, plain_labels
from clan.sources.tabular.packed import files_in, plain_name

_TEXT = ("protocol_type", "service", "flag", "label")
_TRAINING = ("KDDTrain+_20Percent.txt", "KDDTrain+.txt")
"""The first that is there is taken."""
_TEST = ("KDDTest+.txt",)


def read_nsl_kdd(path: str | Path) -> LabelledTable:
    """Read KDDTrain+_20Percent (or KDDTrain+ where that is missing) and KDDTest+ from their folder or zip.

    Raises:
        SourceUnavailable: No such folder, or one of the two files is not in it.
        SchemaError: Not this data set.

    Source:
        Tavallaee et al. 2009.
    """
    training, test = _find(path, _TRAINING), _find(path, _TEST)
    frame = pl.concat([training, test])
    return LabelledTable(
        features=frame.drop("label", "difficulty"),
        labels=plain_labels(frame["label"]),
        identifiers=frame.select("difficulty"),
        training=pl.Series([True, False]).gather(pl.Series([0] * training.height + [1] * test.height)),
    )


def _find(path: str | Path, names: tuple[str, ...]) -> pl.DataFrame:
    found = {plain_name(name): (name, read) for name, read in files_in(path) if plain_name(name) in names}
    for wanted in names:
        if wanted in found:
            name, read = found[wanted]
            data = read()
            columns = data.split(b"\n", 1)[0].count(b",") + 1
            if columns != len(HEADER):
                raise SchemaError(f"{name} has {columns} columns, expected {len(HEADER)}; is it another data set?")
            return labelled_rows(read_csv(data, name, text=_TEXT, header=HEADER), "label", name)
    raise SourceUnavailable(f"{' or '.join(names)} cannot be read: not in {path}")
