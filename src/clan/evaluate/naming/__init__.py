"""Benchmarks of naming: lessons from labelled rows, who takes part, the runs and their tables."""

from clan.evaluate.naming.lesson import Lesson, lesson, without_class
from clan.evaluate.naming.namers import NAMERS, REFERENCE, choose_namers
from clan.evaluate.naming.runs import FIELDS, KEY, run_closed, run_open
from clan.evaluate.naming.table import closed_table, open_table

__all__ = [
    "FIELDS",
    "KEY",
    "NAMERS",
    "REFERENCE",
    "Lesson",
    "choose_namers",
    "closed_table",
    "lesson",
    "open_table",
    "run_closed",
    "run_open",
    "without_class",
]
