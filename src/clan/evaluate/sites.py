"""Recordings of the lab: a quiet day and a day with attacks of each site, with the truth about the second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.errors import SchemaError, SourceUnavailable
from clan.sources import read_flows
from clan.sources.tabular import label_flows, read_labels

BENIGN = "benign"
SIDE_EFFECT = "side_effect"
"""Flows that come of an attack and are not it: neither benign nor part of a class."""
_QUIET, _QUIET_AGAIN, _MIXED = "benign.pcapng.zst", "benign-2.pcapng.zst", "mixed.pcapng.zst"


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteDays:
    """Days of one site.

    Attributes:
        name: Of the site.
        quiet: Flows of a day without attacks.
        quiet_again: Flows of another such day, on which users do other things; None where it was not recorded.
        mixed: Flows of the day with them.
        labels: Class of each flow of `mixed`; `benign` and `side_effect` among them. Shape `(n_mixed,)`.
        compression: Seconds of the day that one second of the recording stands for.
    """

    name: str
    quiet: pl.DataFrame
    quiet_again: pl.DataFrame | None
    mixed: pl.DataFrame
    labels: NDArray[np.str_]
    compression: float


def find_sites(folder: str | Path) -> dict[str, Path]:
    """Name the sites that a folder holds recordings of, each with that folder.

    Raises:
        SourceUnavailable: There is none.
    """
    place = Path(folder)
    names = [path.name.removesuffix(f"-{_QUIET}") for path in sorted(place.glob(f"*-{_QUIET}"))]
    found = {name: place for name in names if (place / f"{name}-{_MIXED}").is_file()}
    if not found:
        raise SourceUnavailable(f"{place} holds no recordings of the lab: expected NAME-{_QUIET} and NAME-{_MIXED}")
    return found


def read_site(folder: Path, name: str, features: Sequence[str]) -> SiteDays:
    """Read the days of a site.

    Args:
        folder: Where its recordings are.
        name: Of the site.
        features: Names of feature groups.

    Raises:
        SourceUnavailable: A file is missing.
        SchemaError: What is said about the recording lacks its compression, or it is not the same for both days.
    """
    quiet, mixed = (read_flows(folder / f"{name}-{part}", features=features) for part in (_QUIET, _MIXED))
    again = folder / f"{name}-{_QUIET_AGAIN}"
    found, _ = label_flows(mixed, read_labels(folder / f"{name}-labels.csv"))
    compressions = {_compression(folder / f"{name}-{kind}.json") for kind in ("benign", "mixed")}
    if len(compressions) > 1:
        raise SchemaError(f"the two days of {name} are compressed differently: {sorted(compressions)}")
    labels = found.fill_null(BENIGN).to_numpy().astype(str)
    return SiteDays(
        name=name,
        quiet=quiet,
        quiet_again=read_flows(again, features=features) if again.is_file() else None,
        mixed=mixed,
        labels=labels,
        compression=compressions.pop(),
    )


def _compression(path: Path) -> float:
    try:
        return float(json.loads(path.read_bytes())["compression"])
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaError(f"{path} does not say how the day was compressed: {error}") from error
