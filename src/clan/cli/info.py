"""`clan info`: what a model file says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clan.cli.console import write_json
from clan.cli.options import Json

if TYPE_CHECKING:
    from clan.classify import FlowClassifier


def command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model file made by clan train.")],
    json: Json = False,
) -> None:
    """Check a model file and say what it was trained on, with which settings, what to expect, and what it names."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from clan.alerts.text import visible
    from clan.classify import open_model
    from clan.detect.versions import versions_of

    detector, namer = open_model(model)
    kept = {"earlier_versions": [f"{version.number} ({version.path})" for version in versions_of(model)]}
    manifest = detector.manifest_ | ({} if namer is None else {"classifier": namer.manifest_})
    if json:
        write_json(manifest | kept)
        return
    table = Table(show_header=False, show_edge=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, value in _rows(manifest | kept | ({} if namer is None else {"classifier": _naming(namer)})):
        table.add_row(Text(name, style="bold"), Text(visible(value, limit=300)))
    Console(highlight=False).print(table)


def _naming(namer: FlowClassifier) -> dict[str, Any]:
    """Say what a classifier names, from how many rows of each class, and how its `unknown` was calibrated."""
    told = namer.manifest_
    rows = [f"{name} ({n:,})" for name, n in zip(told.pop("classes"), told.pop("labelled_rows"), strict=True)]
    rule = (
        f"unknown score above {told.pop('unknown_threshold'):.3f}: the {told['unknown_share']:.0%} of "
        f"{told.pop('held_out_rows'):,} held-out labelled rows that are least like their class, each class weighing "
        "the same"
    )
    return {"classes (labelled rows)": ", ".join(rows), **told, "unknown": rule}


def _rows(manifest: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Flatten nested values to dotted names; a list is shortened to its first members."""
    rows = []
    for name, value in manifest.items():
        if isinstance(value, Mapping):
            rows += _rows(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            shown = ", ".join(_member(v) for v in value[:8])
            rows.append((f"{prefix}{name}", shown + (f" and {len(value) - 8} more" if len(value) > 8 else "")))
        else:
            rows.append((f"{prefix}{name}", "-" if value is None else str(value)))
    return rows


def _member(value: Any) -> str:
    """Write a member of a list: a mapping by its name, or as its names and values."""
    if not isinstance(value, Mapping):
        return str(value)
    return str(value["name"]) if "name" in value else " ".join(f"{name} {each}" for name, each in value.items())
