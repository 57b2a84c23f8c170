"""`clan sinks`: which sinks there are, whether one works, and what waits for which."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from clan.cli.console import err

app = typer.Typer(help="Places that alerts go to: list them, test one, see what waits.", no_args_is_help=True)


@app.command("list")
def list_kinds() -> None:
    """Say which kinds of sinks and which formats there are, and their options."""
    from clan.alerts.delivery import DeliverySettings
    from clan.alerts.sinks import encoding_names, kinds
    from clan.alerts.sinks.settings import General

    lines = []
    for kind in kinds():
        lines += [f"{kind.example}", f"    format {kind.format}, {_options(kind.opener.Options)}"]
    lines += ["", f"every sink: {_options(General)}", f"    {_options(DeliverySettings)}; spool is a folder, or off"]
    lines += [f"formats: {', '.join(encoding_names())}"]
    sys.stdout.write("\n".join(lines) + "\n")


def _options(kind: type[Any]) -> str:
    from clan.alerts.sinks.option import option_names

    parts = []
    for name, field in option_names(kind).items():
        value = field.default
        if isinstance(value, float) and field.name.endswith("_s"):
            value = f"{value:g}s"
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, int) and value >= 1 << 20:
            value = f"{value >> 20}MiB"
        parts.append(name if value is None or value is dataclasses.MISSING else f"{name}={value}")
    return ", ".join(parts)


@app.command("test")
def test(
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="Sinks, as for clan detect --sink.")],
) -> None:
    """Send one alert that says it is a test to each sink, and say whether it arrived.

    The test has a spool of its own, which is thrown away: nothing that waits for a sink is touched, and nothing of the
    test waits.
    """
    from clan.alerts import open_sink
    from clan.alerts.sinks import EncodingSink
    from clan.cli.sinking import settings_of

    failed = False
    for settings in settings_of(urls):
        with tempfile.TemporaryDirectory(prefix="clan-sinks-test-") as folder:
            drain_s = min(settings.delivery.drain_s, 10.0)
            delivery = dataclasses.replace(settings.delivery, spool=folder, drain_s=drain_s)
            quick = dataclasses.replace(settings, delivery=delivery, spooled=True, severity=4, events="all")
            with open_sink(quick) as sink:
                found: EncodingSink = sink
                sink.emit(_alert())
            count = found.counters()
        where = f"sink {settings.name} ({settings.kind.scheme}, {settings.format})"
        if count["sent"]:
            err.note(f"{where}: the test alert was sent")
        else:
            failed = True
            err.error(f"{where}: {count.get('last_error') or 'the test alert was not taken in time'}")
    if failed:
        raise typer.Exit(1)


def _alert() -> Any:
    """An alert between two addresses of RFC 5737, which nobody has."""
    from clan.alerts import Alert

    now = datetime.now(UTC)
    return Alert(
        timestamp=now,
        ts_end=now,
        uid=f"test-{now:%Y%m%d%H%M%S%f}",
        community_id=None,
        src_ip="192.0.2.1",
        src_port=40_000,
        dst_ip="198.51.100.1",
        dst_port=443,
        protocol=6,
        source="clan sinks test",
        anomaly_score=1.0,
        p_value=0.01,
        threshold=1.0,
        alpha=0.01,
        model_id="test",
        severity=4,
        reasons=(),
        category="Test of a sink, no alert",
    )


@app.command("waiting")
def waiting(
    spool: Annotated[
        str | None, typer.Option("--spool", metavar="FOLDER", help="Folder of the spools; default: clan's own.")
    ] = None,
) -> None:
    """Say which sinks have something in their spools."""
    from pathlib import Path

    from clan.alerts.delivery.spool import waiting_in
    from clan.alerts.sinks import state_folder

    folder = Path(spool) if spool else state_folder() / "spool"
    found = [(name, size) for name, size in waiting_in(folder) if size]
    for name, size in found:
        sys.stdout.write(f"{name}\t{size:,} bytes\n")
    if not found:
        err.note(f"nothing waits in {folder}")
