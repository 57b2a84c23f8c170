"""Reading with a progress bar, and telling at the end what was read."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from clan.cli.console import err
from clan.cli.live import WatchedFollowReader, WatchedLiveReader, WatchedNetflowReader, announce_compiling
from clan.counted import counted
from clan.sources import FlowReader, Readers, ReadReport
from clan.sources.report import told


class WatchedReader(FlowReader):
    """A reader that shows how far it is."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables, with a progress bar on a terminal."""
        announce_compiling()
        with err.progress() as bar:
            task = bar.add_task("reading", total=self.total_bytes or None, detail="")
            for batch in super().batches():
                bar.update(task, completed=self.bytes_read, detail=counted(self.report.flows, "flow"))
                yield batch


WATCHED = Readers(files=WatchedReader, live=WatchedLiveReader, netflow=WatchedNetflowReader, follow=WatchedFollowReader)
"""Readers that show how far they are, and end in good order on Ctrl-C."""


def tell(report: ReadReport) -> None:
    """Say what was read, what was dropped and why, and what should be known."""
    counts = report.counts
    err.note(
        f"read {counted(counts[report.unit], report.unit.removesuffix('s'))} in {counted(report.streams, 'stream')}: "
        f"{counted(report.flows, 'flow')}"
    )
    losses = report.losses()
    if losses:
        parts = (told(name, n).split(" (")[0] for name, n in losses.items())
        err.note("not in any flow: " + "; ".join(parts))
    if counts["late_records"]:
        err.note(f"too late to be put in order: {counted(counts['late_records'], 'record')}")
    for message in report.warnings[:20]:
        err.warning(message)
    alike: dict[str, list[str]] = {}  # a folder of logs has many of each kind
    for path, reason in report.skipped.items():
        alike.setdefault(reason, []).append(path)
    for reason, paths in list(alike.items())[:20]:
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        err.warning(f"passed over {paths[0]}{more}: {reason}")
    hidden = max(len(report.warnings) - 20, 0) + sum(len(paths) for paths in list(alike.values())[20:])
    if hidden:
        err.warning(f"and {hidden:,} more of these")


def as_json(report: ReadReport) -> dict[str, object]:
    """Give the account of a reading as JSON values."""
    return {
        "streams": report.streams,
        "flows": report.flows,
        "counts": dict(report.counts),
        "warnings": report.warnings,
        "skipped": report.skipped,
    }
