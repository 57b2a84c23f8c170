"""UNSW-NB15: the training and testing partition, or the four raw files."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from clan.errors import SchemaError
from clan.sources.tabular.csv_file import expect, header_of, read_csv
from clan.sources.tabular.labelled_table import LabelledTable, labelled_rows, plain_labels
from clan.sources.tabular.packed import files_in, plain_name

_TEXT_FEATURES = ("proto", "service", "state")
_TEXT = (*_TEXT_FEATURES, "srcip", "sport", "dstip", "dsport", "attack_cat")
_RAW_NAMES = """
    srcip sport dstip dsport proto state dur sbytes dbytes sttl dttl sloss dloss service sload dload spkts dpkts
    swin dwin stcpb dtcpb smean dmean trans_depth response_body_len sjit djit stime ltime sinpkt dinpkt tcprtt
    synack ackdat is_sm_ips_ports ct_state_ttl ct_flw_http_mthd is_ftp_login ct_ftp_cmd ct_srv_src ct_srv_dst
    ct_dst_ltm ct_src_ltm ct_src_dport_ltm ct_dst_sport_ltm ct_dst_src_ltm attack_cat label
""".split()  # noqa: SIM905 - shorter than quotes
"""Columns of the raw files, which have no header, under the partition's names."""
_RAW_IDENTIFIERS = ("srcip", "sport", "dstip", "dsport", "stime", "ltime")
_WANTED = re.compile(r"UNSW[_-]NB15_(training-set|testing-set|[1-4])\.csv", re.IGNORECASE)
_NOTHING = "-"
"""Category that the files give to a text field without a value."""


def read_unsw_nb15(path: str | Path) -> LabelledTable:
    """Read a partition file, both of them in a folder, or the raw files; also zipped or compressed.

    Benign rows are labelled `Normal`, as in the partition; the raw files leave their category empty.

    Raises:
        SourceUnavailable: No such file.
        SchemaError: Not this data set.

    Source:
        Moustafa and Slay 2015.
    """
    parts = [
        _read(read(), name) for name, read in files_in(path) if Path(path).suffix or _WANTED.search(plain_name(name))
    ]
    if not parts:
        raise SchemaError(f"{path} holds no UNSW_NB15_training-set.csv, UNSW_NB15_testing-set.csv or UNSW-NB15_1.csv")
    if any(set(part.columns) != set(parts[0].columns) for part in parts):
        raise SchemaError(f"{path} holds files of the partition and raw ones; name those that are meant")
    frame = pl.concat([part.select(parts[0].columns) for part in parts])
    identifiers = [name for name in ("id", *_RAW_IDENTIFIERS) if name in frame.columns]
    times = (frame["stime"] * 1e6).cast(pl.Int64).cast(pl.Datetime("us")) if "stime" in frame.columns else None
    return LabelledTable(
        features=frame.drop(*identifiers, "attack_cat", "label").with_columns(
            pl.col(_TEXT_FEATURES).fill_null(_NOTHING)
        ),
        labels=plain_labels(frame["attack_cat"]),
        identifiers=frame.select(identifiers),
        times=times,
    )


def _read(data: bytes, name: str) -> pl.DataFrame:
    """Read one file and fill in the category of benign rows."""
    raw = len(header_of(data)) == len(_RAW_NAMES) and "attack_cat" not in header_of(data)
    frame = read_csv(data, name, text=_TEXT, header=_RAW_NAMES if raw else None)
    expect(frame, ("label", "attack_cat", *_TEXT_FEATURES), name)
    benign = pl.col("attack_cat").is_null() & (pl.col("label") == 0)
    frame = frame.with_columns(pl.when(benign).then(pl.lit("Normal")).otherwise("attack_cat").alias("attack_cat"))
    return labelled_rows(frame, "attack_cat", name)
