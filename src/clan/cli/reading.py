"""Reading with a progress bar, and telling at the end what was read."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from clan.cli.console import err
from clan.cli.live import WatchedFollowReader, WatchedLiveReader, WatchedNetflowReader
from clan.cli.options import Wanted
from clan.flows import EarlyReports, FlowSettings, compiled_before
from clan.sources import FlowReader, ReadReport, parse_place
from clan.sources.report import meaning


class WatchedReader(FlowReader):
    """A reader that shows how far it is."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables, with a progress bar on a terminal."""
        _announce_compiling()
        with err.progress() as bar:
            task = bar.add_task("reading", total=self.total_bytes or None, detail="")
            for batch in super().batches():
                bar.update(task, completed=self.bytes_read, detail=f"{self.report.flows:,} flows")
                yield batch


def open_reader(
    wanted: Wanted, settings: FlowSettings, *, early: EarlyReports | None = None
) -> WatchedReader | WatchedLiveReader | WatchedNetflowReader | WatchedFollowReader:
    """Open what the user asked for.

    Args:
        wanted: Files, interfaces or ports.
        settings: How flows are cut.
        early: When long flows of a live capture are reported early.
    """
    if wanted.listen:
        return WatchedNetflowReader([parse_place(text) for text in wanted.listen], features=wanted.features)
    if wanted.interfaces:
        _announce_compiling()
        return WatchedLiveReader(
            wanted.interfaces,
            settings=settings,
            features=wanted.features,
            bpf=wanted.bpf,
            early=early,
            tool=wanted.tool,
        )
    if wanted.following:
        return WatchedFollowReader(
            wanted.paths,
            format_name=wanted.format_name,
            features=wanted.features,
            state=wanted.state,
            keep_records=wanted.keep_records,
        )
    return WatchedReader(
        wanted.paths,
        settings=settings,
        features=wanted.features,
        format_name=wanted.format_name,
        join=wanted.join,
        strict=wanted.strict,
        workers=wanted.workers,
        keep_records=wanted.keep_records,
        columns=wanted.columns,
    )


def _announce_compiling() -> None:
    if not compiled_before():
        err.note("compiling the packet kernels, once for this version (half a minute)")


def tell(report: ReadReport) -> None:
    """Say what was read, what was dropped and why, and what should be known."""
    counts = report.counts
    err.note(
        f"read {counts[report.unit]:,} {report.unit} in {report.streams:,} stream{'s' * (report.streams != 1)}: "
        f"{report.flows:,} flows"
    )
    losses = report.losses()
    if losses:
        parts = (f"{n:,} {meaning(name).split(' (')[0]}" for name, n in losses.items())
        err.note("not in any flow: " + "; ".join(parts))
    if counts["late_records"]:
        err.note(f"{counts['late_records']:,} records came too late to be put in order")
    for message in report.warnings[:20]:
        err.warning(message)
    for path, reason in list(report.skipped.items())[:20]:
        err.warning(f"passed over {path}: {reason}")
    hidden = max(len(report.warnings) - 20, 0) + max(len(report.skipped) - 20, 0)
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
