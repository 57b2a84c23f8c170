"""`clan verdict`: say what an alert was, so that flows like it alert no more, or get a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, show, write_json
from clan.cli.options import Json, Quiet
from clan.cli.storing import DEFAULT, StoreFile, open_store
from clan.counted import counted
from clan.errors import ConfigError

if TYPE_CHECKING:
    from clan.alerts.store import Store
    from clan.alerts.verdict import Verdict


def command(
    alert: Annotated[
        str, typer.Argument(metavar="ALERT|list|undo", help="Id of an alert or the beginning of it; or list; or undo.")
    ],
    verdict: Annotated[
        str | None,
        typer.Argument(
            metavar="[benign|malicious[:CLASS]|NUMBER]", help="What it was; with undo, the number of the verdict.",
            show_default=False,
        ),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Benign: flows like it between any hosts, not only from or to its own.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Against what the guard says; needs --reason, and is kept with the verdict.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Benign: say what it would hide, and change nothing.")
    ] = False,
    undone: Annotated[bool, typer.Option("--undone", help="With list: also what was undone.")] = False,
    store: StoreFile = DEFAULT,
    json: Json = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Give a verdict on an alert, list verdicts, or undo one.

    Benign: flows like it (same protocol and port, features within a factor of two) alert no more, from now on and
    in the store. Malicious: a label for clan finetune --verdicts. What would teach an attack as normal is refused.
    """
    if alert == "list":
        _list(store, undone=undone, json=json)
        return
    if alert == "undo":
        if verdict is None or not (verdict.isascii() and verdict.isdigit() and len(verdict) <= 18):
            raise ConfigError("say which verdict to undo by its number: clan verdict list shows them")
        with open_store(store) as opened:
            found, shown = opened.verdict_table.undo(int(verdict))
        if not quiet:
            err.note(
                f"verdict {found.verdict_id} ({found} on {found.alert_id}) is undone; "
                f"seen again: {counted(shown, 'alert')}"
            )
        return
    if verdict is None:
        raise ConfigError("say what the alert was: benign, malicious or malicious:CLASS")
    with open_store(store) as opened:
        if preview:
            _preview(opened, alert, everywhere=everywhere, json=json)
        else:
            _judge(opened, alert, verdict, everywhere=everywhere, reason=reason, force=force, json=json, quiet=quiet)


def _judge(
    opened: Store, alert: str, words: str, *, everywhere: bool, reason: str, force: bool, json: bool, quiet: bool
) -> None:
    from clan.alerts.verdict import opinion_of

    opinion, label = opinion_of(words)
    name = opened.alert(alert).alert.alert_id
    made, effect = opened.verdict_table.judge(
        name, opinion, label, scope="everywhere" if everywhere else "hosts", reason=reason, force=force
    )
    hides = 0 if effect is None else len(effect.like)
    if json:
        write_json(_values(made) | {"hides": hides})
    elif not quiet:
        what = "a label for clan finetune --verdicts" if effect is None else str(effect)
        err.note(
            f"verdict {made.verdict_id}: {made} on {name}; {what}. clan verdict undo {made.verdict_id} takes it back"
        )


def _preview(opened: Store, alert: str, *, everywhere: bool, json: bool) -> None:
    name = opened.alert(alert).alert.alert_id
    effect = opened.verdict_table.effect(name, scope="everywhere" if everywhere else "hosts")
    if json:
        write_json({"alert_id": name, "hides": len(effect.like), "visible": effect.n_visible,
                    "actors": dict(effect.actors), "incidents": dict(effect.incidents),
                    "objections": effect.objections})  # fmt: skip
        return
    err.note(f"benign on {name}: {effect}")
    for actor, count in effect.actors.most_common(10):
        err.note(f"  {count:,} of {actor}")
    for objection in effect.objections:
        err.warning(f"it {objection}")


def _list(store: str, *, undone: bool, json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from clan.alerts.text import visible

    with open_store(store) as opened:
        found = opened.verdict_table.listed(undone=undone)
    if json:
        for each in found:
            write_json(_values(each))
        return
    if not found:
        err.note("there are no verdicts")
        return
    table = Table(show_edge=False, pad_edge=False)
    names = ["number", "alert", "verdict", "where", "made (UTC)", "hits", "reason", "against the guard"]
    if undone:
        names.insert(5, "undone (UTC)")
    for name in names:
        table.add_column(name, no_wrap=name not in ("reason", "against the guard"))
    for each in found:
        table.add_row(
            Text(str(each.verdict_id), style="" if each.undone is None else "strike"),
            Text(each.alert_id),
            Text(visible(str(each), limit=40)),
            Text(each.scope if each.opinion == "benign" else ""),
            Text(each.made.strftime("%Y-%m-%d %H:%M")),
            *([Text("" if each.undone is None else each.undone.strftime("%Y-%m-%d %H:%M"))] if undone else []),
            Text(f"{each.hits:,}"),
            Text(visible(each.reason)),
            Text(visible(each.forced or "")),
        )
    show(table)


def _values(verdict: Verdict) -> dict[str, object]:
    return {
        "number": verdict.verdict_id,
        "alert_id": verdict.alert_id,
        "verdict": verdict.opinion,
        "class": verdict.label,
        "scope": verdict.scope,
        "reason": verdict.reason,
        "forced": verdict.forced,
        "made": verdict.made,
        "undone": verdict.undone,
        "hits": verdict.hits,
    }
