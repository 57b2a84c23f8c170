"""Where float32 begins: raw feature values to standardised ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clan.encoder.column_scalers import COLUMN_SCALERS, Fitted, Floats
from clan.errors import ConfigError, UnknownNameError

SCALERS = COLUMN_SCALERS
"""Scaler name to how one fits and transforms columns."""

CLIP = 1e4
"""Scaled values are cut here, so that squares and products stay finite in float32."""

Kind = str | tuple[str, ...]
"""One scaler name for all columns, or one for each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaler:
    """A fitted scaler.

    Attributes:
        kind: Name in `SCALERS`, or a name for each column.
        parts: Scaler name to its fitted columns; the columns of one scaler keep their order.
    """

    kind: Kind
    parts: Mapping[str, Fitted]

    @property
    def n_features(self) -> int:
        """Columns that it takes."""
        return sum(part.n_columns for part in self.parts.values())

    def transform(self, values: Floats) -> NDArray[np.float32]:
        """Scale finite raw values of shape `(n, n_features)`; the result is C-ordered and within +-`CLIP`."""
        if isinstance(self.kind, str):
            return _clipped(self.parts[self.kind].transform(np.ascontiguousarray(values)))
        scaled = np.empty(values.shape, dtype=np.float32)
        for name, part in self.parts.items():
            columns = _columns(self.kind, name)
            scaled[:, columns] = _clipped(part.transform(np.ascontiguousarray(values[:, columns])))
        return scaled

    def tensors(self) -> dict[str, Floats]:
        """Name every array, as the model file stores them: of one scaler ``mean``, of several ``signed_log.mean``."""
        if isinstance(self.kind, str):
            return dict(self.parts[self.kind].tensors())
        return {f"{name}.{key}": value for name, part in self.parts.items() for key, value in part.tensors().items()}

    @classmethod
    def from_tensors(cls, kind: Any, named: Mapping[str, NDArray[Any]], *, n_features: int) -> Self:
        """Build a scaler from what `tensors` gave.

        Raises:
            KeyError: An array is missing.
            ValueError: Arrays that do not fit each other, or `n_features` columns.
            UnknownNameError: No scaler has this name.
        """
        names: Kind = kind if isinstance(kind, str) else tuple(str(name) for name in kind)
        try:
            parts = _parts(names, named)
        except ValueError as error:
            raise ValueError(f"its scaler does not fit {n_features} features: {error}") from error
        scaler = cls(kind=names, parts=parts)
        fits = all(part.n_columns == _n_columns(names, name, n_features) for name, part in parts.items())
        if not fits or set(scaler.tensors()) != set(named) or scaler.n_features != n_features:
            raise ValueError(f"its scaler does not fit {n_features} features")
        return scaler


def fit_scaler(kind: str | Sequence[str], values: Floats) -> Scaler:
    """Fit a scaler to benign rows.

    Args:
        kind: Name in `SCALERS`, or a name for each column (`scaler_for_groups` gives them).
        values: Raw features. Shape `(n, n_features)`, n >= 1, finite.

    Raises:
        UnknownNameError: No scaler has this name.
        ConfigError: Not one name for each column.

    Example:
        >>> fit_scaler("zscore", np.array([[0.0], [2.0]])).tensors()["std"].round(4).tolist()
        [1.4142]
    """
    if isinstance(kind, str):
        return Scaler(kind=kind, parts={kind: _scaler(kind).fit(values)})
    names = tuple(kind)
    if len(names) != values.shape[1]:
        raise ConfigError(f"expected a scaler for each of the {values.shape[1]} columns, got {len(names)}")
    parts = {name: _scaler(name).fit(values[:, _columns(names, name)]) for name in dict.fromkeys(names)}
    return Scaler(kind=names, parts=parts)


def scaler_for_groups(spec: str | Mapping[str, str] | Sequence[str], groups: Sequence[str]) -> Kind:
    """Turn a choice of scalers by feature group into one for each column.

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
    return tuple(spec.get(group, spec.get("*", "")) for group in groups)


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


def _clipped(scaled: Floats) -> NDArray[np.float32]:
    np.clip(scaled, -CLIP, CLIP, out=scaled)
    return scaled.astype(np.float32)
