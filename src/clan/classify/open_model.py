"""A model file as whoever detects needs it: the detector, and what names its alerts where it was fine-tuned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clan.detect import ClanDetector
from clan.encoder import read_model
from clan.errors import ModelFileError

if TYPE_CHECKING:
    from clan.classify.classifier import FlowClassifier

KEY = "classifier"
"""The manifest's entry on the naming; a file without it holds a detector only."""


def open_model(path: str | Path) -> tuple[ClanDetector, FlowClassifier | None]:
    """Read the detector of a model file, and its classifier; None where the model names nothing.

    Raises:
        ModelFileError: The file is missing, damaged, foreign, or holds no detector.
    """
    manifest, _ = read_model(path)
    if KEY not in manifest:
        return ClanDetector.load(path), None
    from clan.classify.classifier import FlowClassifier  # late: trees and their kernel take most of a second

    namer = FlowClassifier.load(path)
    if namer.detector is None:
        raise ModelFileError(f"{path} names flows but detects none: fine-tune a detector to have both in one file")
    return namer.detector, namer
