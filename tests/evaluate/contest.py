"""Contenders and data sets that are made up, for tests of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.errors import MissingExtra
from clan.evaluate.rivals import Rival


@dataclass
class Fixed:
    """Scores a row by its first column, turned round where `sign` says so; counts its fits."""

    sign: float = 1.0
    fits: int = 0

    def fit(self, table: pl.DataFrame) -> Self:
        """Count."""
        self.fits += 1
        return self

    def anomaly_score(self, table: pl.DataFrame) -> NDArray[np.float64]:
        """Give the first column."""
        return self.sign * table.to_numpy()[:, 0]


def contender(name: str, scorer: Fixed | None = None) -> Rival:
    """A contender that always makes the same scorer."""
    made = scorer or Fixed()
    return Rival(name=name, family="baseline", make=lambda **_: made, reference="made up", checked="not at all")


def broken(**_: Any) -> Fixed:
    raise MissingExtra("nothing", "bench", "take part")


def write_corrected(folder: Path, n_benign: int = 400, n_attack: int = 60) -> Path:
    """A data set folder with one small file in the corrected release's form; attacks have larger durations."""
    generator = np.random.default_rng(0)
    columns = "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Label"
    labels = ["BENIGN"] * n_benign + ["DoS Hulk", "DDoS", "Botnet"] * (n_attack // 3)
    lines = [columns]
    for number, label in enumerate(labels):
        duration = generator.normal(100 if label == "BENIGN" else 130, 10)
        day = 3 if number < n_benign // 2 else 4
        time = f"2017-07-0{day} 10:{number % 60:02}:00"
        lines.append(f"f{number},1.1.1.1,5,2.2.2.2,80,6,{time},{duration:.3f},{generator.normal():.3f},{label}")
    (folder / "cicids2017_improved.csv").write_text("\n".join(lines) + "\n")
    return folder
