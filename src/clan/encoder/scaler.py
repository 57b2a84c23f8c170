"""Where float32 begins: raw feature values to standardised ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clan.errors import UnknownNameError

Floats = NDArray[np.float64]

CLIP = 1e4
"""Scaled values are cut here, so that squares and products stay finite in float32."""


def identity(values: Floats) -> Floats:
    """Leave the values as they are."""
    return values


def signed_log(values: Floats) -> Floats:
    """Compress magnitudes and keep the sign: sign(v) log(1 + |v|).

    Example:
        >>> signed_log(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
        [-0.6931, 0.0, 0.6931]
    """
    return np.copysign(np.log1p(np.abs(values)), values)


SCALERS: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "signed_log": (signed_log, 0.1),
    "zscore": (identity, 0.0),
}
"""Scaler name to what is done before the z-score, and the smallest standard deviation that it divides by.

The floor keeps a feature that hardly varies in training from making a one-unit change look infinitely anomalous. On the
signed-log axis a change from 0 to 1 is 0.69, so with a floor of 0.1 it counts 6.9 deviations at most. A column without
any spread is divided by max(floor, 1).
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaler:
    """A fitted scaler.

    Attributes:
        kind: Name in `SCALERS`.
        mean: Mean of each transformed training column. Shape `(n_features,)`.
        std: Sample standard deviation, floored. Shape `(n_features,)`, > 0.
    """

    kind: str
    mean: Floats
    std: Floats

    def transform(self, values: Floats) -> NDArray[np.float32]:
        """Scale finite raw values of shape `(n, n_features)`; the result is C-ordered and within +-`CLIP`."""
        before, _ = scaler_kind(self.kind)
        scaled = before(np.ascontiguousarray(values)) - self.mean
        scaled /= self.std
        np.clip(scaled, -CLIP, CLIP, out=scaled)
        return scaled.astype(np.float32)


def scaler_kind(kind: str) -> tuple[Callable[[Floats], Floats], float]:
    """Look up a scaler by name.

    Raises:
        UnknownNameError: No scaler has this name.
    """
    if kind not in SCALERS:
        raise UnknownNameError("scaler", kind, SCALERS)
    return SCALERS[kind]


def fit_scaler(kind: str, values: Floats) -> Scaler:
    """Fit a scaler to benign rows.

    Args:
        kind: Name in `SCALERS`.
        values: Raw features. Shape `(n, n_features)`, n >= 1, finite.

    Raises:
        UnknownNameError: No scaler has this name.

    Example:
        >>> fit_scaler("zscore", np.array([[0.0], [2.0]])).std.round(4).tolist()
        [1.4142]
    """
    before, floor = scaler_kind(kind)
    columns = before(values)
    mean = columns.mean(axis=0)
    spread = columns.std(axis=0, ddof=1) if len(columns) > 1 else np.zeros_like(mean)
    nothing = spread <= 1e-9 * np.maximum(1.0, np.abs(mean))  # rounding noise of a constant column
    return Scaler(kind=kind, mean=mean, std=np.where(nothing, 1.0, np.maximum(spread, floor)))
