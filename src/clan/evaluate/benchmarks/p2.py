"""P2: naming from k labelled rows a class, and what is unknown; P4's third table is the same on the paper's data."""

from __future__ import annotations

from functools import partial

import polars as pl

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.naming import FIELDS, KEY, REFERENCE, choose_namers, closed_table, open_table, run_closed, run_open
from clan.evaluate.published import PUBLISHED, published_naming_table

KS = (8, 32, 128, 1024)
"""Labelled rows a class."""

OPEN_K = 128
"""The same, where a class is left out."""


def table_beside_published(runs: pl.DataFrame, *, against: str = REFERENCE) -> str:
    """Write our table, and the published one for the data set that it is of."""
    ours = closed_table(runs, against=against)
    return f"{ours}\n\n{published_naming_table()}" if PUBLISHED.dataset in set(runs["dataset"]) else ours


P2 = Benchmark(
    name="p2",
    title="naming from 8 to 1,024 labelled rows a class, beside extra trees on the same draws",
    run=partial(run_closed, "p2", ks=KS),
    table=closed_table,
    picture=None,
    datasets=("cicids2017",),
    fields=FIELDS,
    key=KEY,
    choose=choose_namers,
)
P2_OPEN = Benchmark(
    name="p2_open",
    title="each attack class left out of the labels in turn: is it called unknown",
    run=partial(run_open, "p2_open", k=OPEN_K),
    table=open_table,
    picture=None,
    datasets=("cicids2017",),
    fields=FIELDS,
    key=KEY,
    choose=choose_namers,
)
P4_NAMING = Benchmark(
    name="p4_naming",
    title="the published fine-tuning, 8 to 1,024 labelled rows a class, beside the published figures",
    run=partial(run_closed, "p4_naming", ks=tuple(PUBLISHED.macro_f1)),
    table=table_beside_published,
    picture=None,
    datasets=("lycos",),
    fields=FIELDS,
    key=KEY,
    choose=choose_namers,
)
