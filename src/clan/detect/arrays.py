"""Arrays and pandas tables, by scikit-learn's rules and with errors that say what to do here."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from clan.errors import DataError, SchemaError

Floats = NDArray[np.float64]


def read_array(
    estimator: BaseEstimator, X: object, *, y: ArrayLike | None = None, reset: bool, min_rows: int = 1
) -> Floats:
    """Read a table that is not polars, and remember or check its columns in `estimator` as scikit-learn does.

    Args:
        estimator: Whose `n_features_in_` and `feature_names_in_` are set or compared.
        X: The table. Shape `(n, n_features)`.
        y: A label for each row, whose number is compared; None where there are none.
        reset: Whether the columns are remembered (in `fit`) rather than compared.
        min_rows: Rows that there must be.

    Returns:
        Shape `(n, n_features)`, float64, finite.

    Raises:
        SchemaError: Two columns have the same name.
        DataError: NaN or infinite values, with their columns and counts.
        ValueError: Whatever else scikit-learn's validation refuses, such as other columns than those of `fit`.
    """
    names = [str(name) for name in getattr(X, "columns", ())]
    doubled = [f"{name} ({count} times)" for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise SchemaError(f"each column needs a name of its own, found twice or more: {', '.join(doubled[:8])}")
    settings: dict[str, Any] = {"dtype": np.float64, "ensure_all_finite": False, "ensure_min_samples": min_rows}
    if y is None:
        values = validate_data(estimator, X, reset=reset, **settings)
    else:
        values, _ = validate_data(estimator, X, y, reset=reset, **settings)
    _refuse_not_finite(values, names)
    read: Floats = values
    return read


def _refuse_not_finite(values: Floats, names: list[str]) -> None:
    counts = (~np.isfinite(values)).sum(axis=0)
    bad = [f"{names[i] if names else f'x{i}'} ({counts[i]:,})" for i in np.flatnonzero(counts)]
    if bad:
        shown = ", ".join(bad[:8]) + (f" and {len(bad) - 8} more columns" if len(bad) > 8 else "")
        raise DataError(
            f"the table of {len(values):,} rows has NaN or infinite values in: {shown}; drop those rows or columns, "
            "or fill them in. Where a value is unknown, give a flow table of polars (as clan.read_flows makes it) "
            "with null in its place"
        )
