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
from clan.schema import KINDS, TABLE
from clan.sources import USUAL_READERS, EndlessReader, FlowReader, Input, Reader, Readers, open_reader
from clan.sources.tabular import STORED

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
        check_reader(detector, reader)
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


def check_reader(detector: ClanDetector, reader: Reader | EndlessReader) -> None:
    """Raise unless what a reader gives is what a model was trained on; where nobody can tell, the report says so.

    Raises:
        ModelFileError: The model was trained on another kind of source, or on packets that were cut otherwise.
    """
    check_source(detector, reader.kind)
    trained = detector.manifest_["source"].get("kind")
    if isinstance(reader, FlowReader) and trained == reader.kind == "packets":
        ours = flow_settings_of(detector).manifest()
        wrong = [f"{name} {ours[name]} and {value}" for name, value in reader.settings.manifest().items()
                 if ours[name] != value]  # fmt: skip
        if wrong:
            raise ModelFileError(
                f"the flows of this file were cut otherwise than those that the model learnt from ({_few(wrong)}): "
                "read the captures, or write their flows anew with the --profile of the model"
            )
    if STORED in (trained, reader.kind):
        what = KINDS[reader.kind] if reader.kind != STORED else KINDS[trained] if trained != STORED else "the same"
        told = (
            "CSV and NDJSON do not say what their flows were read from (Parquet does): the scores hold where model and "
            f"flows come from one kind of source, here {what}"
        )
        if told not in reader.report.warnings:
            reader.report.warnings.append(told)


def check_source(detector: ClanDetector, kind: str) -> None:
    """Raise unless a model was trained on the kind of source that it is to score.

    Args:
        detector: A fitted detector.
        kind: Kind of the source at hand. Flows that clan wrote to a file that does not say what they were read from are
            taken for what the other side is, where that can tell all features.

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
    if kind == STORED and trained != TABLE:
        return  # the reader checks the columns
    missing = [f.name for f in detector.features_ if f.told_by(kind) is None]
    if trained == STORED and kind != TABLE and not missing:
        return
    parts = [f"this model was trained on {KINDS[trained]}, and these are {KINDS[kind]}, which cut and count otherwise"]
    if missing and kind != STORED:
        parts.append(f"they cannot tell {len(missing)} of its {len(detector.features_)} features: {_few(missing)}")
    differing = [
        f"{f.name} ({now} in place of {f.told_by(trained) or 'unknown'})"
        for f in detector.features_
        if (now := f.told_by(kind)) is not None and now != f.told_by(trained)
    ]
    if differing and trained != STORED:
        parts.append(f"they tell {len(differing)} otherwise: {_few(differing)}")
    parts.append(f"train a model on benign {KINDS[kind]} (clan train), or give this one {KINDS[trained]}")
    raise ModelFileError("; ".join(parts))


def _few(names: Sequence[str], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
