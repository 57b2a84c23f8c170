"""A model in use: what it wants of a source, and whether a source gives that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from clan.classify import open_model
from clan.detect import ClanDetector
from clan.errors import ModelFileError
from clan.flows import EarlyReports, FlowSettings
from clan.schema import KINDS
from clan.sources import USUAL_READERS, Input, Reader, Readers, open_reader

if TYPE_CHECKING:
    from clan.classify import FlowClassifier


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A model file, read, with what a source has to be for it.

    Attributes:
        path: The file.
        detector: Fitted.
        namer: What names its alerts, where it was fine-tuned.
        model_id: Twelve digits that name it.
    """

    path: str
    detector: ClanDetector
    namer: FlowClassifier | None
    model_id: str

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Read a model file.

        Raises:
            ModelFileError: The file is missing, damaged, foreign, or holds no detector.
        """
        detector, namer = open_model(path)
        return cls(path=str(path), detector=detector, namer=namer, model_id=detector.model_id_)

    def reader(self, wanted: Input, *, early: EarlyReports | None = None, readers: Readers = USUAL_READERS) -> Reader:
        """Open a source so that it gives what the model learnt from: the same groups, cut in the same way.

        Raises:
            ModelFileError: It was trained on another kind of source.
            ConfigError, SourceError: The source cannot be read; see `clan.sources.open_reader`.
        """
        detector = self.detector
        wanted = replace(wanted, columns=columns_of(detector), features=groups_of_model(detector))
        reader = open_reader(wanted, flow_settings_of(detector), early=early, readers=readers)
        check_source(detector, reader.kind)
        return reader

    def differences(self, other: LoadedModel) -> list[str]:
        """Say why another model cannot take the place of this one while its source is open; nothing where it can."""
        found = []
        for what, ours, theirs in (
            ("kind of source", _kind(self), _kind(other)),
            ("feature groups", groups_of_model(self.detector), groups_of_model(other.detector)),
            ("flow settings", flow_settings_of(self.detector), flow_settings_of(other.detector)),
            ("columns", columns_of(self.detector), columns_of(other.detector)),
        ):
            if ours != theirs:
                found.append(f"{what}: {_plain(theirs)} in place of {_plain(ours)}")
        return found


def _kind(model: LoadedModel) -> str | None:
    return model.detector.manifest_["source"].get("kind")


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def groups_of_model(detector: ClanDetector) -> tuple[str, ...]:
    """Give the feature groups that a model has to be fed with, in the order of its columns."""
    return tuple(dict.fromkeys(feature.group for feature in detector.features_))


def flow_settings_of(detector: ClanDetector) -> FlowSettings:
    """Give the settings by which packets must be cut into flows for a model; the usual ones where it knows none."""
    source = detector.manifest_["source"]
    return FlowSettings.from_manifest(source["settings"]) if source.get("kind") == "packets" else FlowSettings()


def columns_of(detector: ClanDetector) -> Mapping[str, Any] | None:
    """Give what a model remembers of the columns of the tables that it learnt from; None for other sources."""
    found = detector.manifest_["source"].get("settings", {}).get("columns")
    return found if isinstance(found, Mapping) else None


def check_source(detector: ClanDetector, kind: str) -> None:
    """Raise unless a model was trained on the kind of source that it is to score.

    Args:
        detector: A fitted detector.
        kind: Kind of the source at hand.

    Raises:
        ModelFileError: It was trained on another kind; the message says which of its features differ there, and what
            can be done.
    """
    trained = detector.manifest_["source"].get("kind")
    if trained == kind:
        return
    if trained is None:
        raise ModelFileError(
            f"this model was trained on a table without a source: it cannot score {KINDS[kind]}; train one on them "
            "with clan train"
        )
    missing = [f.name for f in detector.features_ if f.told_by(kind) is None]
    differing = [f"{f.name} ({f.told_by(kind)})" for f in detector.features_ if f.told_by(kind) != f.told_by(trained)]
    differing = [text for text in differing if text.split(" ")[0] not in missing]
    parts = [f"this model was trained on {KINDS[trained]}, and these are {KINDS[kind]}, which cut and count otherwise"]
    if missing:
        parts.append(f"they cannot tell {len(missing)} of its {len(detector.features_)} features: {_few(missing)}")
    if differing:
        parts.append(f"they tell {len(differing)} otherwise: {_few(differing)}")
    parts.append(f"train a model on benign {KINDS[kind]} (clan train), or give this one {KINDS[trained]}")
    raise ModelFileError("; ".join(parts))


def _few(names: Sequence[str], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
