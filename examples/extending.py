"""An augmentation, an objective and a scorer of one's own, benchmarked beside the default.

    python examples/extending.py ~/datasets --seeds 2 --out mine.csv

The folder holds data sets as `clan bench` knows them (docs/benchmarks.md); docs/extending.md quotes the parts.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from clan.augment import AUGMENTATIONS
from clan.detect import PRESETS, SCORERS, Preset
from clan.evaluate import find_datasets
from clan.evaluate.benchmarks import benchmark
from clan.evaluate.contenders import choose
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library
from clan.objectives import OBJECTIVES, Objective, Views
from clan.train import TrainSettings


def stretch(
    x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1, factor: float = 3.0
) -> torch.Tensor:
    """Multiply some of the values: what an attack could look like. Shape `(n_flows, n_features)`, as given back."""
    changed = torch.rand(x.shape, generator=generator, device=x.device) < probability
    return torch.where(changed, x * factor, x)


AUGMENTATIONS["stretch"] = stretch


class Triplet(Objective):
    """A flow is nearer to another benign flow than to its own augmented view, by a margin."""

    uses_margin: ClassVar[bool] = True  # the settings' margin comes in; other parameters from `objective_params`

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss of a batch, lower is better."""
        benign, augmented = F.normalize(views.z, dim=1), F.normalize(views.z_augmented, dim=1)  # (n, dim)
        other = benign.roll(1, dims=0)  # the rows of a batch are shuffled
        return F.relu((benign * augmented).sum(1) - (benign * other).sum(1) + self.margin).mean()


OBJECTIVES["triplet"] = Triplet


@dataclass(frozen=True)
class Farthest:
    """How far the most unusual dimension of the embedding is from its mean, in standard deviations."""

    mean: NDArray[np.float32]  # (dim,)
    std: NDArray[np.float32]  # (dim,)
    needs_encoder: ClassVar[bool] = True
    adds_up: ClassVar[bool] = False

    @classmethod
    def fit(cls, x: NDArray[np.float32], z: NDArray[np.float32], *, seed: int) -> Self:
        """Learn from scaled features (n, n_features) and unit embeddings (n, dim) of benign flows."""
        return cls(z.mean(axis=0), z.std(axis=0) + np.float32(1e-3))

    def score(self, x: NDArray[np.float32], z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score each row by itself; shape (n,), finite, higher = more anomalous."""
        farthest: NDArray[np.float32] = np.abs((z - self.mean) / self.std).max(axis=1)
        return farthest

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Name every array, for the model file; float32."""
        return {"mean": self.mean, "std": self.std}

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[np.float32]], *, n_features: int, dim: int) -> Self:
        """Build from them; ValueError or KeyError where they do not fit."""
        if not named["mean"].shape == named["std"].shape == (dim,):
            raise ValueError(f"mean and std must have shape ({dim},)")
        return cls(named["mean"], named["std"])


SCORERS["farthest"] = Farthest

PRESETS["mine"] = Preset(
    scorer="farthest",
    train=TrainSettings(width=128, epochs=20, objective="triplet", augmentation="uniform|stretch"),
)


def compare(folder: str, *, seeds: int, epochs: int | None, out: str, datasets: Sequence[str] = ()) -> str:
    """Make the runs of benchmark p1 that `out` lacks, and give the table."""
    p1, paths = benchmark("p1"), find_datasets(folder)
    results = Results(out, fields=p1.fields, key=p1.key)
    detectors = choose(["clan", "clan:mine", "clan:farthest"])  # presets and scorers take part by their names
    options = BenchOptions(detectors=detectors, seeds=range(seeds), epochs=epochs, tell=print)
    p1.run(Library(paths), list(datasets or paths), options, results)
    return p1.table(results.frame(), against="clan")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--out", default="clan-bench-mine.csv")
    asked = parser.parse_args()
    print(compare(asked.folder, seeds=asked.seeds, epochs=asked.epochs, out=asked.out))


if __name__ == "__main__":
    main()
