"""The tables that are recognised by their columns: one file for each tool or family."""

from collections.abc import Sequence

from clan.sources.tabular.headers.cicflowmeter import NEW, OLD, PYTHON
from clan.sources.tabular.headers.kdd import KDD
from clan.sources.tabular.headers.layout import Layout
from clan.sources.tabular.headers.lycostand import LYCOSTAND
from clan.sources.tabular.headers.nfstream import NFSTREAM
from clan.sources.tabular.headers.nprobe import NPROBE
from clan.sources.tabular.headers.own import OWN
from clan.sources.tabular.headers.unsw_nb15 import UNSW_NB15

LAYOUTS: tuple[Layout, ...] = (OWN, LYCOSTAND, NFSTREAM, NPROBE, NEW, OLD, PYTHON, UNSW_NB15, KDD)
"""In the order in which they are tried."""

LABELS = ("label", "labels", "class", "attack", "attack_cat", "traffic_type")
"""Columns of unknown tables that are taken for labels, in small letters."""

UNKNOWN = Layout(name="unknown", needed=frozenset(), labels=LABELS)


def find_layout(names: Sequence[str]) -> Layout:
    """Find what wrote a table with these columns; `UNKNOWN` where nobody knows."""
    return next((layout for layout in LAYOUTS if layout.fits(names)), UNKNOWN)


def names_without_header(values: Sequence[str]) -> tuple[str, ...] | None:
    """Name the columns of a file that has no header, by its first line; None where that tells nothing."""
    n = len(values)
    if len(KDD.header) - 2 <= n <= len(KDD.header) and values[1].strip().lower() in ("tcp", "udp", "icmp"):
        return KDD.header[:n]
    if n == len(UNSW_NB15.header) and values[4].strip().isalpha():
        return UNSW_NB15.header
    return None


__all__ = ["LABELS", "LAYOUTS", "UNKNOWN", "Layout", "find_layout", "names_without_header"]
