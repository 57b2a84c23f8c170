"""What a model file says about its model, and the way there and back."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clan._version import __version__
from clan.calibrate import Calibration
from clan.detect.calibration_entry import asked_budget, calibration_entry, stored_calibration
from clan.detect.exemplars import ADDRESSES, Exemplars
from clan.detect.model import Model
from clan.detect.presets import Preset
from clan.detect.quantiles import PROBABILITIES
from clan.detect.training_rows import TrainingRows
from clan.encoder import read_model, write_model
from clan.errors import ClanError, ModelFileError, UnknownNameError
from clan.schema import GROUPS, Feature, schema_hash, table_feature

Array = NDArray[Any]
OWN = "own"
"""What the manifest calls a preset that was given as a recipe rather than by its name."""
_LIBRARIES = ("numpy", "polars", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What is remembered of a fit besides its numbers.

    Attributes:
        features: The features that the model looks at.
        columns: Their positions in a NumPy table.
        n_inputs: Columns of such a table.
        input_names: Their names, where they have any.
        facts: The rest of the manifest (JSON values).
    """

    features: tuple[Feature, ...]
    columns: tuple[int, ...]
    n_inputs: int
    input_names: tuple[str, ...] | None
    facts: dict[str, Any]

    @classmethod
    def of(
        cls,
        rows: TrainingRows,
        *,
        recipe: Preset,
        preset: str | Preset,
        seed: int,
        n_folds: int,
        source: Mapping[str, Any],
        selection: Mapping[str, float],
    ) -> Self:
        """Write down a fit.

        Args:
            rows: What it was fitted to.
            recipe: As it was trained.
            preset: Name of the recipe; or the recipe itself, which is then written down in full as `recipe`.
            seed: What `random_state` was, where it was a number; otherwise the number that was drawn from it.
            n_folds: Of the threshold.
            source: Where the rows came from.
            selection: Of how many flows the rows were drawn, what share of them was to be set aside, and how many were:
                ``rows_seen``, ``clean`` and ``set_aside``.

        Raises:
            TypeError: `source` holds something that JSON cannot.
        """
        facts = {
            "source": json.loads(json.dumps(dict(source), allow_nan=False)),
            "training": {
                "rows": len(rows.values),
                **selection,
                "window": list(rows.window) if rows.window else None,
            },
            **({"preset": preset} if isinstance(preset, str) else {"preset": OWN, "recipe": preset.entry()}),
            "scaler": json.loads(json.dumps(recipe.scaler)),
            "scorer": recipe.scorer if isinstance(recipe.scorer, str) else dict(recipe.scorer),
            "by_group": recipe.by_group,
            "train": asdict(recipe.train),
            "seed": seed,
            "n_folds": n_folds,
            "versions": {"clan": __version__, "python": platform.python_version(), **_versions()},
        }
        return cls(
            features=rows.features,
            columns=rows.columns,
            n_inputs=rows.n_inputs,
            input_names=rows.input_names,
            facts=facts,
        )

    def manifest(self, calibration: Calibration, exemplars: Exemplars) -> dict[str, Any]:
        """Everything that the model file says, as JSON values."""
        return {
            **self.facts,
            "exemplars": exemplars.entry(),
            "features": [{"name": f.name, "unit": f.unit, "group": f.group} for f in self.features],
            "schema_hash": schema_hash(self.features),
            "inputs": {
                "n": self.n_inputs,
                "names": None if self.input_names is None else list(self.input_names),
                "columns": list(self.columns),
            },
            "calibration": calibration_entry(calibration),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What a model file holds: the parts of a fitted detector."""

    model: Model
    calibration: Calibration
    benign_quantiles: NDArray[np.float64]
    exemplars: Exemplars
    record: Record
    settings: dict[str, Any]


def to_file(
    path: str | Path,
    manifest: dict[str, Any],
    model: Model,
    calibration: Calibration,
    benign_quantiles: NDArray[np.float64],
    exemplars: Exemplars,
) -> None:
    """Write a model file."""
    write_model(path, manifest, tensors_of(model, calibration, benign_quantiles, exemplars))


def tensors_of(
    model: Model, calibration: Calibration, benign_quantiles: NDArray[np.float64], exemplars: Exemplars
) -> dict[str, Array]:
    """List everything of a model that is an array, by its name in the file."""
    tensors: dict[str, Array] = {
        "calibration.scores": calibration.scores,
        "benign_quantiles": benign_quantiles,
    }
    if len(exemplars):
        tensors |= {f"exemplars.{name}": value for name, value in exemplars.tensors().items()}
    return tensors | model.tensors()


def from_file(path: str | Path) -> Stored:
    """Read a model file and check that its parts fit together.

    Raises:
        ModelFileError: See `clan.encoder.read_model`; or parts that do not fit together, or features that mean
            something else in this clan.
    """
    manifest, tensors = read_model(path)
    if "calibration" not in manifest and "classifier" in manifest:
        raise ModelFileError(
            f"{path} names flows and detects nothing: FlowClassifier.load reads it. `clan train` makes a detector, and "
            "`clan finetune` adds names to it"
        )
    try:
        return _assemble(manifest, tensors)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except UnknownNameError as error:
        raise ModelFileError(
            f"{path} needs the {error.kind} {error.name!r}, which is not registered here (known: "
            f"{', '.join(error.options)}); import what registers it before the model is loaded, or train again"
        ) from error
    except (ClanError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelFileError(f"{path} does not hold together: {error!r}; train again with this clan") from error


def _assemble(manifest: dict[str, Any], tensors: dict[str, Array]) -> Stored:
    features = tuple(stored_feature(**entry) for entry in manifest["features"])
    if schema_hash(features) != manifest["schema_hash"]:
        raise ModelFileError(f"schema hash {manifest['schema_hash']} is not that of its {len(features)} features")
    names = manifest["inputs"]["names"]
    record = Record(
        features=features,
        columns=tuple(int(i) for i in manifest["inputs"]["columns"]),
        n_inputs=int(manifest["inputs"]["n"]),
        input_names=None if names is None else tuple(str(name) for name in names),
        facts={key: manifest[key] for key in _FACTS}
        | {"by_group": manifest.get("by_group", False)}
        | ({"recipe": manifest["recipe"]} if "recipe" in manifest else {}),
    )
    if len(record.columns) != len(features) or not all(0 <= i < record.n_inputs for i in record.columns):
        raise ModelFileError("its input columns are not those of its features")
    calibration = stored_calibration(manifest["calibration"], _typed(tensors, "calibration.scores", np.float64, 1))
    quantiles = _typed(tensors, "benign_quantiles", np.float64, 2)
    if quantiles.shape != (len(PROBABILITIES), len(features)):
        raise ModelFileError(f"benign quantiles have shape {quantiles.shape}")
    model = _model(record, tensors)
    return Stored(
        model=model,
        calibration=calibration,
        benign_quantiles=quantiles,
        exemplars=_exemplars(manifest, tensors, len(features)),
        record=record,
        settings=_settings(manifest),
    )


_OTHERS = ("calibration.", "benign_quantiles", "naming.")
"""Beginnings of the names of arrays that are no part of the model."""
_FACTS = ("source", "training", "preset", "scaler", "scorer", "train", "seed", "n_folds", "versions")


def stored_feature(name: str, unit: str, group: str) -> Feature:
    """Find a feature here that means the same."""
    if group == "table":
        return table_feature(name)
    for feature in GROUPS.get(group, ()):
        if feature.name == name:
            if feature.unit != unit:
                raise ModelFileError(f"feature {name} is in {unit!r} there and in {feature.unit!r} here; train again")
            return feature
    raise ModelFileError(f"this clan has no feature {name!r} in group {group!r}; update clan, or train again")


def _model(record: Record, tensors: dict[str, Array]) -> Model:
    facts = record.facts
    recipe = Preset(scaler=facts["scaler"], scorer=facts["scorer"], by_group=bool(facts["by_group"]))
    own = {key: value for key, value in tensors.items() if not key.startswith(_OTHERS)}
    return Model.from_tensors(recipe, [f.group for f in record.features], own)


def _exemplars(manifest: dict[str, Any], tensors: dict[str, Array], n_features: int) -> Exemplars:
    """Read the kept benign flows; the files of older clans have none."""
    entry = manifest.get("exemplars", {"rows": 0})
    if entry["rows"] == 0:
        return Exemplars.none(n_features)
    names = [name for name in tensors if name.startswith("exemplars.")]
    named = {name.removeprefix("exemplars."): _typed(tensors, name, np.float64, 2) for name in names}
    return Exemplars.from_stored(entry, named, n_features=n_features)


def _settings(manifest: dict[str, Any]) -> dict[str, Any]:
    """Constructor arguments that say how the model came about."""
    return {
        "preset": Preset.from_entry(manifest["recipe"]) if "recipe" in manifest else manifest["preset"],
        "scorer": manifest["scorer"] if isinstance(manifest["scorer"], str) else None,  # the preset's
        "clean": float(manifest["training"]["clean"]),
        "days": manifest["calibration"]["days"],
        **asdict(asked_budget(manifest["calibration"])),
        "thresholds_by": tuple((manifest["calibration"].get("groups") or {}).get("by", ())),
        "keep_addresses": any(name in manifest.get("exemplars", {}) for name in ADDRESSES),
        "epochs": int(manifest["train"]["epochs"]),
        "n_folds": max(2, int(manifest["n_folds"])),
        "random_state": int(manifest["seed"]),
    }


def _typed(tensors: dict[str, Array], name: str, dtype: type, ndim: int) -> Array:
    value = tensors[name]
    if value.dtype != dtype or value.ndim != ndim:
        raise ModelFileError(f"{name} must be {dtype.__name__} with {ndim} axes, found {value.dtype} {value.shape}")
    return value


def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
