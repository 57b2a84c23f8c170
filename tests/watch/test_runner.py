"""New settings are taken over whole, or not at all."""

from __future__ import annotations

import logging
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest
from tests.cli.watching import begin, zeek_model

from clan.alerts import IncidentTracker
from clan.errors import ClanError
from clan.sources import FollowReader
from clan.watch import Document, Log, Notifier, Watch, WatchSettings, load
from clan.watch.reload import Prepared


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Running:
    """A watch that has not begun to read, and its settings."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.port = folder, free_port()
        zeek_model(folder / "m.clan")
        begin(folder / "conn.log")
        (folder / "hosts.csv").write_text("network,name,group\n10.0.0.0/8,inside,ours\n")
        log = stack.enter_context(Log(self.settings().log, to_stderr=False))
        self.watch = stack.enter_context(Watch(self.settings(), reread=self.settings, log=log, notifier=Notifier()))
        assert isinstance(self.watch.reader, FollowReader)
        stack.callback(self.watch.reader.close)  # as the end of a run does

    def settings(
        self, *, address: str = "127.0.0.1", port: int = 0, log: str = "a.log", sink: str = "a", more: str = ""
    ) -> WatchSettings:
        """Read a configuration that differs in these."""
        path = self.folder / "w.toml"
        path.write_text(
            f'model = "m.clan"\n{more}\nsource.follow = ["conn.log"]\nlog.file = "{log}"\n'
            f'metrics = {{ enabled = true, address = "{address}", port = {port or self.port} }}\n'
            f'[[sinks]]\nurl = "file:{sink}.ndjson"\nname = "only"\n'
        )
        return load(WatchSettings, Document.read(str(path)))

    def take_over(self, settings: WatchSettings) -> None:
        """Take settings over as after SIGHUP."""
        self.watch._apply(Prepared(settings=settings, model=self.watch.model, waiting=()))

    def scraped(self, port: int) -> int:
        """Ask for the figures; gives the status."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return int(answer.status)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with ExitStack() as stack:
        yield Running(tmp_path, stack)


@pytest.mark.parametrize("broken", ["sink", "log", "hosts", "metrics"])
def test_what_cannot_be_taken_over_leaves_everything_as_it_was(running: Running, broken: str) -> None:
    watch, level = running.watch, logging.getLogger("clan").level
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1] if broken == "metrics" else free_port()
        settings = running.settings(
            port=port,
            log="nowhere/b.log" if broken == "log" else "b.log",
            sink="nowhere/b" if broken == "sink" else "b",
            more=f'hosts = "{"nowhere" if broken == "hosts" else "hosts"}.csv"\nincidents.alerts_per_host = 1\n'
            'log.level = "error"',
        )
        with pytest.raises(ClanError):
            running.take_over(settings)
    assert watch.reloads == 0
    assert watch.settings.metrics.port == running.port
    assert running.scraped(running.port) == 200
    assert logging.getLogger("clan").level == level
    logging.getLogger("clan").warning("it goes on")
    assert "it goes on" in (running.folder / "a.log").read_text()
    assert watch.triage._hosts is None
    assert isinstance(watch.triage.incidents, IncidentTracker)
    assert watch.triage.incidents._limiter is None
    (sink,) = watch.outlets._open.values()
    sink.emit()
    assert (running.folder / "a.ndjson").exists()
    assert [table.settings.address.path for table in watch.outlets._open] == [str(running.folder / "a.ndjson")]


def test_figures_go_over_to_an_address_that_covers_the_one_of_before(running: Running) -> None:
    running.take_over(running.settings(address="0.0.0.0", more='hosts = "hosts.csv"', log="b.log", sink="b"))
    assert running.scraped(running.port) == 200
    assert running.watch.settings.metrics.address == "0.0.0.0"
    assert running.watch.triage._hosts is not None
    assert "reloaded; model" in (running.folder / "b.log").read_text()
    assert (running.folder / "b.ndjson").exists()


def test_features_that_no_flow_knows_are_logged_once(running: Running) -> None:
    watch = running.watch
    unknown = watch.monitor.unknown
    unknown.update(
        pl.DataFrame({f.name: pl.Series([None] * 1999, dtype=pl.Float64) for f in watch.model.detector.features_})
    )
    watch._say_unknown()
    assert "unknown in all" not in (running.folder / "a.log").read_text()  # it may still come
    unknown.update(pl.DataFrame({f.name: pl.Series([None], dtype=pl.Float64) for f in watch.model.detector.features_}))
    watch._say_unknown()
    watch._say_unknown()
    assert (running.folder / "a.log").read_text().count("unknown in all 2,000 flows") == 1
