"""The classifier's part of a model file, and the way there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clan.classify.heads import Head, head_class
from clan.classify.novelty import Novelty
from clan.classify.open_model import KEY
from clan.detect import ClanDetector
from clan.detect.manifest import stored_feature, tensors_of
from clan.encoder import read_model, write_model
from clan.errors import ClanError, ConfigError, ModelFileError
from clan.schema import Feature, schema_hash


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntFrom:
    """How many rows a classifier rests on.

    Attributes:
        labelled: Labelled rows of each class, in the order of the classes.
        benign: Further benign rows, without a label of their own.
        held_out: Labelled rows that were held out and set the threshold of `unknown`.
    """

    labelled: tuple[int, ...]
    benign: int
    held_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """The parts of a fitted classifier."""

    detector: ClanDetector | None
    head_name: str
    head: Head
    novelty: Novelty
    classes: NDArray[Any]
    features: tuple[Feature, ...]
    columns: tuple[int, ...]
    n_inputs: int
    input_names: tuple[str, ...] | None
    unknown_threshold: float
    learnt_from: LearntFrom
    middle: NDArray[np.float32]
    settings: dict[str, Any]


def to_file(path: str | Path, named: Named) -> None:
    """Write a classifier, and its detector if it has one.

    Raises:
        ConfigError: Classes that JSON has no words for.
        OSError: The file cannot be written.
    """
    part = naming_manifest(named)
    tensors = {f"{KEY}.head.{name}": value for name, value in named.head.tensors().items()}
    tensors |= {f"{KEY}.novelty.{name}": value for name, value in named.novelty.tensors().items()}
    tensors[f"{KEY}.middle"] = named.middle
    detector = named.detector
    if detector is not None:
        tensors |= tensors_of(detector.model_, detector.calibration_, detector.benign_quantiles_, detector.exemplars_)
        write_model(path, {**detector.manifest_, KEY: part}, tensors)
        return
    write_model(path, {KEY: part}, tensors)


def naming_manifest(named: Named) -> dict[str, Any]:
    """Say what a classifier is, as JSON values.

    Raises:
        ConfigError: Classes that JSON has no words for.
    """
    classes = named.classes.tolist()
    if not all(isinstance(name, str | int | float | bool) for name in classes):
        raise ConfigError(f"classes must be text or numbers to be saved, found {type(classes[0]).__name__}")
    part: dict[str, Any] = {
        "classes": classes,
        "labelled_rows": list(named.learnt_from.labelled),
        "benign_rows": named.learnt_from.benign,
        "head": named.head_name,
        **named.settings,
        "unknown_threshold": named.unknown_threshold,
        "held_out_rows": named.learnt_from.held_out,
        "schema_hash": schema_hash(named.features),
    }
    if named.detector is None:
        part |= {
            "features": [{"name": f.name, "unit": f.unit, "group": f.group} for f in named.features],
            "columns": list(named.columns),
            "n_inputs": named.n_inputs,
            "input_names": None if named.input_names is None else list(named.input_names),
        }
    return part


def from_file(path: str | Path) -> Named:
    """Read a classifier, and its detector if it has one.

    Raises:
        ModelFileError: See `clan.encoder.read_model`; no classifier in it, or parts that do not fit together.
    """
    manifest, tensors = read_model(path)
    if KEY not in manifest:
        raise ModelFileError(f"{path} names no flows: it holds a detector only; `clan finetune` adds names to it")
    detector = ClanDetector.load(path) if detects(manifest) else None
    try:
        return _assemble(manifest[KEY], tensors, detector)
    except (ClanError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelFileError(f"{path} does not hold together: {error!r}; fine-tune again with this clan") from error


def detects(manifest: Mapping[str, Any]) -> bool:
    """Whether a model file holds a detector."""
    return "calibration" in manifest


def _assemble(part: dict[str, Any], tensors: dict[str, NDArray[Any]], detector: ClanDetector | None) -> Named:
    inputs: dict[str, Any]
    if detector is not None:
        names = getattr(detector, "feature_names_in_", None)
        inputs = {
            "features": detector.features_,
            "columns": detector.record_.columns,
            "n_inputs": detector.n_features_in_,
            "input_names": None if names is None else tuple(names),
        }
    else:
        names = part["input_names"]
        inputs = {
            "features": tuple(stored_feature(**entry) for entry in part["features"]),
            "columns": tuple(int(i) for i in part["columns"]),
            "n_inputs": int(part["n_inputs"]),
            "input_names": None if names is None else tuple(str(name) for name in names),
        }
    if schema_hash(inputs["features"]) != part["schema_hash"]:
        raise ValueError("its features are not those that it was fitted with")
    classes, n, frozen = np.array(part["classes"]), len(inputs["features"]), bool(part["frozen"])
    kind, further = head_class(part["head"], frozen=frozen), 0
    if detector is not None and kind.uses_embedding:
        further = detector.model_.dim
    elif detector is not None and detector.model_.encoder is not None:
        further = 0 if frozen else detector.model_.encoder.n_features
    middle = tensors[f"{KEY}.middle"]
    if middle.shape != (n,):
        raise ValueError(f"middles of {middle.shape} for {n} columns")
    return Named(
        detector=detector,
        middle=middle,
        head_name=part["head"],
        head=kind.from_tensors(_part(tensors, f"{KEY}.head."), n_columns=n + further, n_classes=len(classes)),
        novelty=Novelty.from_tensors(_part(tensors, f"{KEY}.novelty."), n_columns=n),
        classes=classes,
        unknown_threshold=float(part["unknown_threshold"]),
        learnt_from=_learnt_from(part, len(classes)),
        settings={"frozen": frozen, "benign": str(part["benign"]), "unknown_share": float(part["unknown_share"])},
        **inputs,
    )


def _learnt_from(part: Mapping[str, Any], n_classes: int) -> LearntFrom:
    labelled = tuple(int(n) for n in part["labelled_rows"])
    if len(labelled) != n_classes or min(labelled) < 0:
        raise ValueError(f"{len(labelled)} numbers of labelled rows for {n_classes} classes")
    return LearntFrom(labelled=labelled, benign=int(part["benign_rows"]), held_out=int(part["held_out_rows"]))


def _part(tensors: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
