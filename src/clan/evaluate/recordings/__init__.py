"""Labelled captures: what each is, which of its flows are the attack, and metrics in which each weighs the same."""

from clan.evaluate.recordings.flow_table import ABOUT, GROUPS, read_recordings
from clan.evaluate.recordings.index import Recording, read_index
from clan.evaluate.recordings.judge import FIGURES, judge_captures
from clan.evaluate.recordings.split import CaptureSplit, split_by_network, split_by_time

__all__ = [
    "ABOUT",
    "FIGURES",
    "GROUPS",
    "CaptureSplit",
    "Recording",
    "judge_captures",
    "read_index",
    "read_recordings",
    "split_by_network",
    "split_by_time",
]
