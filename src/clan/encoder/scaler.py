"""Where float32 begins: raw feature values to standardised ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clan.encoder.column_scalers import COLUMN_SCALERS, Fitted, Floats
from clan.encoder.presence import Presence
from clan.encoder.quantile_tail import QuantileTail
from clan.errors import ConfigError, UnknownNameError

SCALERS: dict[str, type[Fitted]] = {**COLUMN_SCALERS, "quantile_tail": QuantileTail}
"""Scaler name to how one fits and transforms columns."""

CLIP = 1e4
"""Scaled values are cut here, so that squares and products stay finite in float32."""

Kind = str | tuple[str, ...]
"""One scaler name for all columns, or one for each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaler:
    """A fitted scaler.

    A value that is unknown (NaN) becomes 0, the middle of the benign rows, so that it speaks neither for nor against a
    flow. Whether it is known may speak: columns that were known in some training rows only add an indicator, one for
    all columns that were known in the same rows.

    Attributes:
        kind: Name in `SCALERS`, or a name for each column.
        parts: Scaler name to its fitted columns; the columns of one scaler keep their order.
        presence: What tells which values are known; None where the training rows knew all.
    """

    kind: Kind
    parts: Mapping[str, Fitted]
    presence: Presence | None = None

    @property
    def n_features(self) -> int:
        """Columns that it takes."""
        return sum(part.n_columns for part in self.parts.values())

    @property
    def n_outputs(self) -> int:
        """Columns that it gives: the features, then the indicators."""
        return self.n_features + (0 if self.presence is None else len(self.presence.columns))

    def transform(self, values: Floats) -> NDArray[np.float32]:
        """Scale raw values of shape `(n, n_features)`, finite or NaN = unknown.

        Returns:
            Shape `(n, n_outputs)`, C-ordered and within +-`CLIP`.
        """
        if isinstance(self.kind, str) and self.presence is None:
            return _clipped(self.parts[self.kind].transform(values))
        scaled = np.empty((len(values), self.n_outputs), dtype=np.float32)
        if isinstance(self.kind, str):
            scaled[:, : self.n_features] = _clipped(self.parts[self.kind].transform(values))
        else:
            for name, part in self.parts.items():
                columns = _columns(self.kind, name)
                scaled[:, columns] = _clipped(part.transform(values[:, columns]))
        if self.presence is not None:
            scaled[:, self.n_features :] = self.presence.transform(values)
        return scaled

    def tensors(self) -> dict[str, Floats]:
        """Name every array, as the model file stores them: of one scaler ``mean``, of several ``signed_log.mean``."""
        named = {} if self.presence is None else {f"presence.{k}": v for k, v in self.presence.tensors().items()}
        if isinstance(self.kind, str):
            return {**self.parts[self.kind].tensors(), **named}
        for name, part in self.parts.items():
            named |= {f"{name}.{key}": value for key, value in part.tensors().items()}
        return named

    @classmethod
    def from_tensors(cls, kind: Any, named: Mapping[str, NDArray[Any]], *, n_features: int) -> Self:
        """Build a scaler from what `tensors` gave.

        Raises:
            KeyError: An array is missing.
            ValueError: Arrays that do not fit each other, or `n_features` columns.
            UnknownNameError: No scaler has this name.
        """
        names: Kind = kind if isinstance(kind, str) else tuple(str(name) for name in kind)
        presence = {key.removeprefix("presence."): v for key, v in named.items() if key.startswith("presence.")}
        try:
            parts = _parts(names, {key: value for key, value in named.items() if not key.startswith("presence.")})
            known = Presence.from_tensors(presence, n_features=n_features) if presence else None
        except ValueError as error:
            raise ValueError(f"its scaler does not fit {n_features} features: {error}") from error
        scaler = cls(kind=names, parts=parts, presence=known)
        fits = all(part.n_columns == _n_columns(names, name, n_features) for name, part in parts.items())
        if not fits or set(scaler.tensors()) != set(named) or scaler.n_features != n_features:
            raise ValueError(f"its scaler does not fit {n_features} features")
        return scaler


def fit_scaler(kind: str | Sequence[str], values: Floats) -> Scaler:
    """Fit a scaler to benign rows.

    Args:
        kind: Name in `SCALERS`, or a name for each column (`scaler_for_groups` gives them).
        values: Raw features. Shape `(n, n_features)`, n >= 1, finite or NaN = unknown.

    Raises:
        UnknownNameError: No scaler has this name.
        ConfigError: Not one name for each column.

    Example:
        >>> fit_scaler("zscore", np.array([[0.0], [2.0]])).tensors()["std"].round(4).tolist()
        [1.4142]
    """
    presence = Presence.fit(values)
    if isinstance(kind, str):
        return Scaler(kind=kind, parts={kind: _scaler(kind).fit(values)}, presence=presence)
    names = tuple(kind)
    if len(names) != values.shape[1]:
        raise ConfigError(f"expected a scaler for each of the {values.shape[1]} columns, got {len(names)}")
    parts = {name: _scaler(name).fit(values[:, _columns(names, name)]) for name in dict.fromkeys(names)}
    return Scaler(kind=names, parts=parts, presence=presence)


def scaler_for_groups(spec: str | Mapping[str, str] | Sequence[str], groups: Sequence[str]) -> Kind:
    """Turn a choice of scalers by feature group into one for each column, or one for all where it is the same.

    Args:
        spec: A scaler name for all columns; or feature group to scaler name, ``"*"`` standing for every other group; or
            one name for each column already.
        groups: Group of each column.

    Raises:
        ConfigError: A group without a scaler.

    Example:
        >>> scaler_for_groups({"flow": "signed_log", "*": "zscore"}, ["flow", "context"])
        ('signed_log', 'zscore')
    """
    if isinstance(spec, str):
        return spec
    if not isinstance(spec, Mapping):
        return tuple(spec)
    missing = sorted(set(groups) - set(spec)) if "*" not in spec else []
    if missing:
        raise ConfigError(f"feature group {missing[0]!r} has no scaler; name one for it, or one for '*'")
    kinds = tuple(spec.get(group, spec.get("*", "")) for group in groups)
    return kinds[0] if len(set(kinds)) == 1 else kinds


def _scaler(name: str) -> type[Fitted]:
    if name not in SCALERS:
        raise UnknownNameError("scaler", name, SCALERS)
    return SCALERS[name]


def _parts(kind: Kind, named: Mapping[str, NDArray[Any]]) -> dict[str, Fitted]:
    """Build each scaler from its arrays."""
    if isinstance(kind, str):
        return {kind: _scaler(kind).from_tensors(named)}
    own = {name: {k.removeprefix(f"{name}."): v for k, v in named.items() if k.startswith(f"{name}.")} for name in kind}
    return {name: _scaler(name).from_tensors(arrays) for name, arrays in own.items()}


def _columns(names: tuple[str, ...], name: str) -> NDArray[np.intp]:
    return np.flatnonzero(np.array(names) == name)


def _n_columns(kind: Kind, name: str, n_features: int) -> int:
    return n_features if isinstance(kind, str) else len(_columns(kind, name))


def _clipped(scaled: Floats | NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut to +-`CLIP`; the unknown becomes 0."""
    np.clip(scaled, -CLIP, CLIP, out=scaled)
    scaled[np.isnan(scaled)] = 0.0
    return np.ascontiguousarray(scaled, dtype=np.float32)
