"""CIC-IDS2017, the original in both layouts and the corrected releases."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from clan.errors import SchemaError
from clan.sources.tabular.csv_file import expect, read_csv
from clan.sources.tabular.labelled_table import LabelledTable, labelled_rows, plain_labels
from clan.sources.tabular.packed import files_in

_TEXT = ("Flow ID", "Src IP", "Dst IP", "Source IP", "Destination IP", "External IP", "Timestamp", "Label")
_CORRECTED = ("Flow ID", "Src IP", "Src Port", "Dst IP", "Dst Port", "Protocol", "Timestamp")
_CORRECTED_MAYBE = ("id", "Attempted Category")
_ORIGINAL = ("Destination Port",)
_ORIGINAL_MAYBE = ("Flow ID", "Source IP", "Source Port", "Destination IP", "External IP", "Protocol", "Timestamp")
_RENAMED = {
    "Total Fwd Packets": "Total Fwd Packet",
    "Total Backward Packets": "Total Bwd packets",
    "Total Length of Fwd Packets": "Total Length of Fwd Packet",
    "Total Length of Bwd Packets": "Total Length of Bwd Packet",
    "Min Packet Length": "Packet Length Min",
    "Max Packet Length": "Packet Length Max",
    "CWE Flag Count": "CWR Flag Count",
    "Avg Fwd Segment Size": "Fwd Segment Size Avg",
    "Avg Bwd Segment Size": "Bwd Segment Size Avg",
    "Fwd Avg Bytes/Bulk": "Fwd Bytes/Bulk Avg",
    "Fwd Avg Packets/Bulk": "Fwd Packet/Bulk Avg",
    "Fwd Avg Bulk Rate": "Fwd Bulk Rate Avg",
    "Bwd Avg Bytes/Bulk": "Bwd Bytes/Bulk Avg",
    "Bwd Avg Packets/Bulk": "Bwd Packet/Bulk Avg",
    "Bwd Avg Bulk Rate": "Bwd Bulk Rate Avg",
    "Init_Win_bytes_forward": "FWD Init Win Bytes",
    "Init_Win_bytes_backward": "Bwd Init Win Bytes",
    "act_data_pkt_fwd": "Fwd Act Data Pkts",
    "min_seg_size_forward": "Fwd Seg Size Min",
}
"""Names of the original to those of the corrected releases, so that the two can be compared."""
_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
_FIRST_HOUR = 8
"""The original writes hours without am or pm, and was recorded from 8 in the morning to 5 in the afternoon."""


def read_cicids2017(path: str | Path) -> LabelledTable:
    """Read a corrected CIC-IDS2017: one CSV or the five days in a folder or zip.

    Raises:
        SourceUnavailable: No such file.
        SchemaError: Not this data set.

    Source:
        Engelen et al. 2021 and Liu et al. 2022.
    """
    frame = _read(path, (*_CORRECTED, "Label"))
    identifiers = [*_CORRECTED, *(name for name in _CORRECTED_MAYBE if name in frame.columns)]
    return LabelledTable(
        features=frame.drop(*identifiers, "Label"),
        labels=plain_labels(frame["Label"]),
        identifiers=frame.select(identifiers),
        times=_times(frame["Timestamp"]),
    )


def read_cicids2017_original(path: str | Path) -> LabelledTable:
    """Read the original CIC-IDS2017, the folder MachineLearningCVE or GeneratedLabelledFlows, or one of its files.

    Columns get the corrected releases' names.

    Raises:
        SourceUnavailable: No such file.
        SchemaError: Not this data set.

    Source:
        Sharafaldin et al. 2018.
    """
    frame = _read(path, (*_ORIGINAL, "Init_Win_bytes_forward", "Label"))
    identifiers = [*_ORIGINAL, *(name for name in _ORIGINAL_MAYBE if name in frame.columns)]
    frame = frame.drop("Fwd Header Length.1", strict=False)  # written twice
    features = frame.drop(*identifiers, "Label").rename(_RENAMED, strict=False)
    times = None
    if "Timestamp" in frame.columns:
        clock = _times(frame["Timestamp"])
        afternoon = clock.dt.hour() < _FIRST_HOUR
        times = (
            clock.to_frame("t").select(pl.col("t").dt.offset_by(pl.lit("12h"))).to_series().zip_with(afternoon, clock)
        )
    return LabelledTable(
        features=features, labels=plain_labels(frame["Label"]), identifiers=frame.select(identifiers), times=times
    )


def _read(path: str | Path, needed: tuple[str, ...]) -> pl.DataFrame:
    """Read every CSV of a path; all must have the same columns."""
    parts: list[pl.DataFrame] = []
    for name, read in files_in(path):
        if ".csv" not in name.lower().rpartition("/")[2] and not Path(path).is_file():
            continue  # a folder may hold a read-me
        frame = read_csv(read(), name, text=_TEXT)
        expect(frame, needed, name)
        frame = labelled_rows(frame, "Label", name)
        if parts and set(parts[0].columns) != set(frame.columns):
            differ = sorted(set(parts[0].columns) ^ set(frame.columns))
            raise SchemaError(f"{name} has other columns than the files before it: {', '.join(differ[:8])}")
        parts.append(frame.select(parts[0].columns) if parts else frame)
    if not parts:
        raise SchemaError(f"{path} holds no CSV file")
    return pl.concat(parts)


def _times(text: pl.Series) -> pl.Series:
    """Read times in any form that a release has; null where none fits."""
    tries = [pl.col("t").str.to_datetime(form, time_unit="us", strict=False) for form in _FORMATS]
    return text.to_frame("t").select(pl.coalesce(tries)).to_series()
