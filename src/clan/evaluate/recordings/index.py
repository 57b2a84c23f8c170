"""The list of labelled captures: what each is, where it comes from, and which of its flows are the attack."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from clan.errors import SchemaError, SourceUnavailable

INDEX = "index.csv"
BENIGN, ATTACK = "benign", "attack"
_COLUMNS = (
    "file",
    "label",
    "attack_class",
    "attack_filter",
    "source_repo",
    "source_path",
    "timing_flag",
    "same_traffic",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One capture of the list.

    Attributes:
        file: Its path below the folder of the list.
        label: ``"benign"`` or the attack's class.
        network: Where it was recorded, as far as can be told: repository and folder that it comes from.
        attack_filter: Display filter; only flows with a matching packet are the attack. None: all of them are.
        timing_flag: What is wrong with its clock, or None.
        same_traffic: Name of a group of files that share packets, or None.
    """

    file: str
    label: str
    network: str
    attack_filter: str | None
    timing_flag: str | None
    same_traffic: str | None

    @property
    def benign(self) -> bool:
        """Whether all of it is normal traffic."""
        return self.label == BENIGN

    @property
    def choosing(self) -> bool:
        """Whether its network is one on which settings may be chosen; the others are for reporting only."""
        return is_choosing(self.network)


def is_choosing(network: str) -> bool:
    """Tell to which half a network belongs: by the last bit of the SHA-256 of its name, whatever else there is.

    Example:
        >>> is_choosing("zeek/zeek testing/btest/Traces/ftp")
        True
    """
    return hashlib.sha256(network.encode()).digest()[-1] % 2 == 0


def read_index(folder: str | Path) -> list[Recording]:
    """Read `index.csv` of a folder of captures; the benign and the attack captures, in its order.

    Raises:
        SourceUnavailable: There is none.
        SchemaError: It lacks columns.
    """
    path = Path(folder, INDEX)
    if not path.is_file():
        raise SourceUnavailable(f"{path} is not there: expected a folder of labelled captures with their list")
    try:
        table = pl.read_csv(path, infer_schema=False).fill_null("")
    except pl.exceptions.PolarsError as error:
        raise SchemaError(f"{path} is no table: {error}") from error
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise SchemaError(f"{path} lacks the columns {', '.join(missing)}")
    rows = table.filter(pl.col("label").is_in([BENIGN, ATTACK])).select(_COLUMNS).to_dicts()
    return [
        Recording(
            file=row["file"],
            label=BENIGN if row["label"] == BENIGN else row["attack_class"],
            network=f"{row['source_repo']} {row['source_path'].rpartition('/')[0]}".strip(),
            attack_filter=row["attack_filter"] or None,
            timing_flag=row["timing_flag"] or None,
            same_traffic=row["same_traffic"] or None,
        )
        for row in rows
    ]
