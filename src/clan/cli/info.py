"""`clan info`: what a model file says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from clan.cli.console import write_json
from clan.cli.options import Json


def command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model file made by clan train.")],
    json: Json = False,
) -> None:
    """Check a model file and say what it was trained on, with which settings, and what to expect of it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from clan.alerts.text import visible
    from clan.detect import ClanDetector

    manifest = ClanDetector.load(model).manifest_
    if json:
        write_json(manifest)
        return
    table = Table(show_header=False, show_edge=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, value in _rows(manifest):
        table.add_row(Text(name, style="bold"), Text(visible(value, limit=300)))
    Console(highlight=False).print(table)


def _rows(manifest: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Flatten nested values to dotted names; a list is shortened to its first members."""
    rows = []
    for name, value in manifest.items():
        if isinstance(value, Mapping):
            rows += _rows(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            shown = ", ".join(str(v["name"] if isinstance(v, Mapping) and "name" in v else v) for v in value[:8])
            rows.append((f"{prefix}{name}", shown + (f" and {len(value) - 8} more" if len(value) > 8 else "")))
        else:
            rows.append((f"{prefix}{name}", "-" if value is None else str(value)))
    return rows
