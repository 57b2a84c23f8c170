"""LYCOS-IDS2017: CIC-IDS2017 with the flows of LycoSTand."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from clan.sources.tabular.csv_file import expect, read_csv
from clan.sources.tabular.labelled_table import LabelledTable, labelled_rows, plain_labels
from clan.sources.tabular.packed import files_in

_TEXT = ("flow_id", "src_addr", "dst_addr", "label")
_IDENTIFIERS = ("flow_id", "src_addr", "src_port", "dst_addr", "dst_port", "ip_prot", "timestamp")


def read_lycos_ids2017(path: str | Path) -> LabelledTable:
    """Read `lycos.csv`, or its parts in a folder or zip.

    Raises:
        SourceUnavailable: No such file.
        SchemaError: Not this data set.

    Source:
        Rosay et al. 2021.
    """
    parts = []
    for name, read in files_in(path):
        if not Path(path).is_file() and ".csv" not in name.lower():
            continue
        frame = read_csv(read(), name, text=_TEXT)
        expect(frame, (*_IDENTIFIERS, "flow_duration", "label"), name)
        parts.append(labelled_rows(frame, "label", name))
    frame = pl.concat(parts, how="diagonal")
    return LabelledTable(
        features=frame.drop(*_IDENTIFIERS, "label"),
        labels=plain_labels(frame["label"]),
        identifiers=frame.select(_IDENTIFIERS),
        times=frame["timestamp"].cast(pl.Int64).cast(pl.Datetime("us")),
    )
