"""Tables as files: labelled data sets of the literature, and labels for flows."""

from clan.sources.tabular.cicids2017 import read_cicids2017, read_cicids2017_original
from clan.sources.tabular.columns import ColumnMap
from clan.sources.tabular.csv_file import header_of
from clan.sources.tabular.flow_labels import LABEL_COLUMNS, carried_labels, label_flows, read_labels
from clan.sources.tabular.headers.layout import PROTOCOLS
from clan.sources.tabular.label_words import LabelledAsAttacks
from clan.sources.tabular.labelled_table import LabelledTable
from clan.sources.tabular.lycos_ids2017 import read_lycos_ids2017
from clan.sources.tabular.ndjson_table import NdjsonSource, is_ndjson
from clan.sources.tabular.nsl_kdd import read_nsl_kdd
from clan.sources.tabular.rows import RowReader
from clan.sources.tabular.stored import METADATA_KEY, STORED, Stored, note_of
from clan.sources.tabular.stored_files import stored_in_csv, stored_in_ndjson, stored_in_parquet
from clan.sources.tabular.table_source import CsvSource, ParquetSource, is_csv, is_parquet
from clan.sources.tabular.unsw_nb15 import read_unsw_nb15

__all__ = [
    "LABEL_COLUMNS",
    "METADATA_KEY",
    "PROTOCOLS",
    "STORED",
    "ColumnMap",
    "CsvSource",
    "LabelledAsAttacks",
    "LabelledTable",
    "NdjsonSource",
    "ParquetSource",
    "RowReader",
    "Stored",
    "carried_labels",
    "header_of",
    "is_csv",
    "is_ndjson",
    "is_parquet",
    "label_flows",
    "note_of",
    "read_cicids2017",
    "read_cicids2017_original",
    "read_labels",
    "read_lycos_ids2017",
    "read_nsl_kdd",
    "read_unsw_nb15",
    "stored_in_csv",
    "stored_in_ndjson",
    "stored_in_parquet",
]
