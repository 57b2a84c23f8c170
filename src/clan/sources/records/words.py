"""Words of a source to columns, computed once for each different word: there are few of them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from clan.schema import SERVICES


def service_columns() -> dict[str, pl.Expr]:
    """Say which services are in a list with commas."""
    words = pl.col("word").str.to_lowercase().str.split(",").list.eval(pl.element().filter(pl.element() != ""))
    known = [name for names in SERVICES.values() for name in names]
    found = {
        f"conn_service_{column}": words.list.eval(pl.element().is_in(names)).list.any()
        for column, names in SERVICES.items()
    }
    return found | {"conn_service_other": (~words.list.eval(pl.element().is_in([*known, "-"])).list.all())}


def by_word(frame: pl.DataFrame, column: str, columns: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Compute columns once for each different text of a column: there are few of them."""
    words = frame.select(word=pl.col(column)).unique()
    table = words.with_columns(expr.cast(pl.Int64).alias(name) for name, expr in columns.items())
    return frame.join(table, left_on=column, right_on="word", how="left", maintain_order="left")
