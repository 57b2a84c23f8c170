"""The terminal view: a screen that never grows beyond its window.

Text from the network and from files is spelled out before it is shown, so that no address, path or name can move the
cursor, change colours or add lines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.text import Text

from clan.alerts import SEVERITIES
from clan.alerts.text import visible
from clan.drift import HoldingState
from clan.watch import words
from clan.watch.snapshot import Event, Snapshot

_STYLES: Final = {1: "bold red", 2: "dark_orange", 3: "yellow", 4: "dim"}
_VERDICTS: Final = {"too early": "", "holding": "green", "below": "cyan", "above": "bold red"}
_LABEL: Final = 10
_MOST_SINKS: Final = 4
_MOST_MESSAGES: Final = 5
_TALL: Final = 20
"""Rows from which on a thing may take more than one line."""


class Screen:
    """Everything of a snapshot that fits into a window; the less important goes first where room is short.

    Args:
        snapshot: What to show.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out for a window of the console's size."""
        height = options.height or console.height
        yield Group(*self.lines(options.max_width, height, ascii_only=options.ascii_only))

    def lines(self, width: int, height: int, *, ascii_only: bool = False) -> list[Text]:
        """Give at most `height` lines of at most `width` cells each."""
        part = _Part(width, 3 if height >= _TALL else 1)
        head = [*self._head(part, ascii_only=ascii_only)]
        messages = [Text(visible(text, limit=400), style="dim") for text in self.snapshot.messages[-_MOST_MESSAGES:]]
        room = height - len(head)
        if room >= 12 and messages:
            messages.insert(0, Text("messages", style="bold"))
        elif room < 8:
            messages = messages[-1:]
        rows = max(room - len(messages) - 2 * bool(messages), 0)
        found = [*self._events()][:rows]
        lines = head + found
        if messages:
            lines += [Text()] * (height - len(lines) - len(messages)) + messages
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return lines[:height]

    def _head(self, part: _Part, *, ascii_only: bool) -> Iterator[Text]:
        """Yield how it goes, thing by thing."""
        shown = self.snapshot
        title = f"clan watch  {shown.source}  {shown.model} ({shown.model_id})  {words.span(shown.seconds)}"
        yield Text(visible(title, limit=400), style="bold")
        yield from part.labelled("traffic", words.traffic(shown) + f", memory {words.memory(shown.memory_bytes)}")
        lost = bool(shown.drops) or shown.status.one_in > 1 or shown.status.behind_s >= 1
        yield from part.labelled("drops", words.drops(shown), "yellow" if lost else "")
        yield from part.labelled("alerts", words.budget(shown), _VERDICTS[shown.holding.verdict])
        yield Text(" " * _LABEL).append_text(bar(shown.holding, min(part.width - _LABEL, 72), ascii_only=ascii_only))
        yield from part.labelled("severity", self._severities())
        state = shown.triage
        trouble = bool(state.waiting or state.lost or state.problem or state.n_evicted)
        yield from part.labelled("incidents", words.triage(state), "yellow" if trouble else "")
        advice = words.advice(shown.holding)
        if advice:
            yield from part.labelled("model", advice, "bold yellow")
        yield from _sinks(part, shown.sinks)

    def _severities(self) -> str:
        shown = self.snapshot
        parts = [f"{shown.severities.get(level, 0):,} {name}" for level, name in SEVERITIES.items()]
        if shown.n_withdrawn:
            parts.append(f"{shown.n_withdrawn:,} early ones not confirmed")
        named = sorted(shown.labels.items(), key=lambda item: (-item[1], item[0]))[:4]
        return ", ".join(parts) + "".join(f"; {n:,} {label}" for label, n in named)

    def _events(self) -> Iterator[Text]:
        yield Text()
        if not self.snapshot.events:
            yield Text("no incidents yet", style="dim")
            return
        yield Text(f"{'last seen (UTC)':15} {'severity':9} {'incident':12} what", style="bold")
        yield from map(_event, self.snapshot.events)


def bar(state: HoldingState, width: int, *, ascii_only: bool = False) -> Text:
    """Draw the alerts that there are (o) on a line, with what the budget lets expect as a thick part of it."""
    if width < 12:
        return Text()
    line, thick, here = ("-", "=", "o") if ascii_only else ("─", "━", "●")
    low, high = state.interval
    longest = max(high * 1.5, state.n_alerts * 1.05, 1.0)

    def cell(value: float) -> int:
        return min(round(value / longest * (width - 1)), width - 1)

    cells = [*line * width]
    cells[cell(low) : cell(high) + 1] = thick * (cell(high) - cell(low) + 1)
    cells[cell(state.n_alerts)] = here
    drawn = Text("".join(cells))
    drawn.stylize("green", cell(low), cell(high) + 1)
    here_at = cell(state.n_alerts)
    drawn.stylize("dim", cell(high) + 1, max(here_at, cell(high) + 1))
    drawn.stylize("dim", max(here_at, cell(high)) + 1)
    drawn.stylize(_VERDICTS[state.verdict], here_at, here_at + 1)
    return drawn


class _Part(NamedTuple):
    """Room for one thing.

    Attributes:
        width: Cells of a line.
        most: Lines, where one is too short.
    """

    width: int
    most: int

    def labelled(self, label: str, text: str, style: str = "") -> Iterator[Text]:
        """Yield a thing with its name in front."""
        shown, room = visible(text, limit=400), max(self.width - _LABEL, 20)
        lines = [shown] if self.most == 1 else textwrap.wrap(shown, room, max_lines=self.most, placeholder=" …")
        for name, line in zip([label, *[""] * (self.most - 1)], lines or [""], strict=False):
            yield Text.assemble((f"{name:{_LABEL}}", "dim"), (line, style))


def _sinks(part: _Part, sinks: Mapping[str, Mapping[str, object]]) -> Iterator[Text]:
    """Yield a line for each sink, those with trouble first."""
    troubled = sorted(sinks, key=lambda name: not (sinks[name].get("spooled") or sinks[name].get("dropped")))
    for name in troubled[:_MOST_SINKS]:
        trouble = bool(sinks[name].get("spooled") or sinks[name].get("dropped"))
        yield from part.labelled("sink", words.sink(name, sinks[name]), "yellow" if trouble else "")
    if len(troubled) > _MOST_SINKS:
        yield from part.labelled("", f"and {len(troubled) - _MOST_SINKS} sinks more")


def _event(event: Event) -> Text:
    when = "" if event.when is None else event.when.strftime("%m-%d %H:%M:%S")
    text = Text(f"{when:15} ").append(f"{SEVERITIES[event.severity]:9} ", style=_STYLES[event.severity])
    text.append(f"{visible(event.incident_id, limit=12):12} ", style="dim")
    text.append(visible(event.what, limit=200), style="dim" if event.state == "closed" else "")
    return text.append(f"  {visible(event.why, limit=300)}", style="dim") if event.why else text


class TerminalView:
    """Shows each snapshot on the whole window, and gives the window back at the end; a context manager.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, screen=True, auto_refresh=False, redirect_stderr=False)

    def __enter__(self) -> TerminalView:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, snapshot: Snapshot) -> None:
        """Show how it goes now."""
        self._live.update(Screen(snapshot), refresh=True)
