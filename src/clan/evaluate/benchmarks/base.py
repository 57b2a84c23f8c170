"""What a benchmark is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clan.evaluate.contenders import choose
from clan.evaluate.measure import FIELDS, KEY
from clan.evaluate.picture import picture
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Library
from clan.evaluate.table import markdown


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A benchmark that `clan bench` knows by its name.

    Attributes:
        name: The name.
        title: One line on what it measures.
        datasets: The data sets that it is made for; empty for every one that is there.
        run: Makes the runs that the results lack. Takes the data, the names of the data sets that are wanted, the
            options and the results.
        table: Rows of the results to Markdown; `against` names the detector to compare with.
        picture: Rows of the results to SVG, where there is something to draw; `against` names the one that stands out.
        fields: Columns of its results.
        key: Those that name a run.
        choose: Chooses who takes part by name; None is the benchmark's own choice.
        folder: Where the data folder has what it reads, for one that reads no data sets.
    """

    name: str
    title: str
    run: Callable[[Library, Sequence[str], BenchOptions, Results], None]
    datasets: tuple[str, ...] = ()
    table: Callable[..., str] = markdown
    picture: Callable[..., str] | None = picture
    fields: tuple[str, ...] = FIELDS
    key: tuple[str, ...] = KEY
    choose: Callable[[Sequence[str] | None], Sequence[Any]] = choose
    folder: str | None = None
