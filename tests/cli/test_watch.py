"""`clan watch` as a process: it follows, takes over new settings or refuses them, and ends and restarts in order."""

from __future__ import annotations

import json
import re
import signal
import socket
import urllib.request
import warnings
from pathlib import Path

import pytest
from tests.cli.watching import ROWS, Watching, begin, grow, odd_rows, zeek_model
from tests.sources.netflow.export import v4_record, v5
from tests.sources.netflow.test_listening import listen, sent

from clan import ClanDetector
from clan.alerts.store import Store
from clan.cli import main
from clan.errors import DataQualityWarning


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return {
        "first": zeek_model(folder / "first.clan"),
        "second": zeek_model(folder / "second.clan", fpr=0.05, seed=1),
    }


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def position(state: Path, log: Path) -> int:
    """How far a log was read, as a restart will have it."""
    try:
        return int(json.loads(state.read_text())["logs"][str(log)]["offset"])
    except FileNotFoundError:
        return 0


class Following:
    """A watch on a growing log, with figures on a port."""

    def __init__(self, folder: Path, model: str) -> None:
        self.log, self.config, self.state = folder / "conn.log", folder / "w.toml", folder / "w.state"
        self.model, self.port = folder / "m.clan", free_port()
        begin(self.log)
        self.written = (
            f'model = "m.clan"\nstate = "w.state"\nsource.follow = ["{self.log}"]\nview.log_every = "1h"\n'
            f'log.file = "w.log"\nmetrics = {{ enabled = true, port = {self.port} }}\n'
        )
        self.config.write_text(self.written)
        self.use(model)

    def use(self, model: str) -> None:
        """Put another model in its place."""
        self.model.write_bytes(Path(model).read_bytes())

    def scrape(self) -> dict[str, str]:
        """The figures that are served, by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    def has_scored(self, n: int) -> bool:
        """Whether so many flows were scored, and the positions in the log are on the disk."""
        flows = self.scrape().get("clan_flows_total") == f"{n}.0"
        return flows and position(self.state, self.log) == self.log.stat().st_size

    @property
    def model_info(self) -> str:
        """The figure that names the model in use."""
        return next(name for name in self.scrape() if name.startswith("clan_model_info"))


def test_what_is_broken_is_refused_and_the_old_goes_on(models: dict[str, str], tmp_path: Path) -> None:
    following = Following(tmp_path, models["first"])
    with Watching(following.config) as watch:
        watch.wait_for("watching")
        grow(following.log, ROWS[:50])
        grow(following.log, odd_rows(3))
        watch.wait_for("192.0.2.1 to 198.51.100.7: 1 TCP flow, port 443")
        watch.wait_for(lambda: following.has_scored(53))
        before = following.model_info
        following.config.write_text(following.written.replace("log_every", "log_evry") + "model_ = 1\n")
        watch.send(signal.SIGHUP)
        watch.wait_for("not reloaded, everything goes on as before", 2)
        watch.wait_for("did you mean 'log_every'?")
        following.config.write_text(following.written)
        following.model.write_bytes(b"this is no model")
        watch.send(signal.SIGUSR2)
        watch.wait_for("not reloaded, everything goes on as before", 3)
        grow(following.log, ROWS[50:60])
        watch.wait_for(lambda: following.has_scored(63))
        assert following.model_info == before
        assert following.scrape()["clan_reloads_refused_total"] == "2.0"
        assert watch.end() == 0


def test_a_new_model_is_taken_over_and_no_flow_is_lost(models: dict[str, str], tmp_path: Path) -> None:
    following = Following(tmp_path, models["first"])
    with Watching(following.config) as watch:
        watch.wait_for("watching")
        grow(following.log, ROWS[:60])
        watch.wait_for(lambda: following.has_scored(60))
        before = following.model_info
        following.use(models["second"])
        (tmp_path / "w.log").rename(tmp_path / "w.log.1")
        following.config.write_text(following.written + 'source.format = "zeek"\n')
        watch.send(signal.SIGHUP)
        grow(following.log, ROWS[60:80])
        watch.wait_for("reloaded; model")
        watch.wait_for("source has changed: that takes effect after a restart")
        grow(following.log, odd_rows(2))
        watch.wait_for(lambda: following.has_scored(82))
        assert following.model_info != before
        figures = following.scrape()
        assert figures["clan_reloads_total"] == "1.0"
        assert 2 <= float(figures["clan_budget_flows"]) < 82  # counted against the budget of the model in use
        assert watch.end() == 0
        assert "read 82 records in 1 stream: 82 flows" in watch.text()
        assert "reloaded;" in (tmp_path / "w.log").read_text()
        assert "reloaded;" not in (tmp_path / "w.log.1").read_text()


def test_a_killed_watch_goes_on_where_it_was(models: dict[str, str], tmp_path: Path) -> None:
    log, config, state = tmp_path / "conn.log", tmp_path / "w.toml", tmp_path / "w.state"
    begin(log)
    config.write_text(f'model = "{models["first"]}"\nstate = "w.state"\nsource.follow = ["{log}"]\n')
    with Watching(config) as watch:
        grow(log, ROWS[:40])
        grow(log, odd_rows(5))
        watch.wait_for(lambda: position(state, log) == log.stat().st_size)
        assert watch.end(signal.SIGKILL) == -signal.SIGKILL
    with Store(tmp_path / "clan.db") as store:
        committed = {stored.alert.uid for stored in store.alerts()}
    assert {f"Codd{i}" for i in range(5)} <= committed
    grow(log, ROWS[40:60])
    grow(log, odd_rows(3, first=5))
    with Watching(config) as watch:
        watch.wait_for(lambda: position(state, log) == log.stat().st_size)
        assert watch.end(signal.SIGINT) == 0
        assert "read 23 records in 1 stream: 23 flows" in watch.text()
    with Store(tmp_path / "clan.db") as store:
        uids = [stored.alert.uid for stored in store.alerts()]
    assert len(uids) == len(set(uids))
    assert committed | {f"Codd{i}" for i in range(8)} <= set(uids)


def test_a_model_of_another_source_is_refused_at_once(models: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "w.toml"
    config.write_text(f'model = "{models["first"]}"\nsource.listen = ["udp://127.0.0.1:0"]\n')
    with Watching(config) as watch:
        assert watch.process.wait(120) == 1
        assert "this model was trained on Zeek logs, and these are NetFlow" in watch.text()


def test_it_listens_to_exporters(tmp_path: Path) -> None:
    benign = [v4_record(ports=(1024 + i, 443), packets=5 + i % 7, octets=500 + i) for i in range(240)]
    flows, reader = listen(sent(*(v5(benign[i : i + 30]) for i in range(0, 240, 30))), 8)
    detector = ClanDetector(fpr=0.02, scorer="feature_prototypes", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)  # records do not tell everything
        detector.fit(flows, source=reader.origin()).save(tmp_path / "m.clan")
    config, port = tmp_path / "w.toml", free_port()
    config.write_text(f'model = "m.clan"\nsource.listen = ["udp://127.0.0.1:{port}"]\n')
    with Watching(config) as watch:
        watch.wait_for("watching udp://127.0.0.1")
        sent(v5([*benign[:20], v4_record("10.6.6.6", ports=(1, 23), packets=10**6, octets=10**9, flags=0x04)]))(port)
        watch.wait_for("10.6.6.6 to 10.0.0.2: 1 TCP flow, port 23")
        assert watch.end() == 0
        assert "21 flows" in watch.text()


def test_files_are_watched_to_their_end(
    models: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, log = tmp_path / "w.toml", tmp_path / "conn.log"
    config.write_text(f'model = "{models["first"]}"\nsource.follow = ["nowhere.log"]\n')
    begin(log)
    grow(log, ROWS[:30])
    grow(log, odd_rows(30))
    assert main(["watch", "-c", str(config), "-r", str(log)]) == 0
    err = " ".join(capsys.readouterr().err.split())
    assert "60 flows" in err
    assert "60 flows" in err
    assert re.search(r"incident \w+ new, \w+: 192.0.2.1 to 198.51.100.7: 1 TCP flow, port 443", err)
    assert re.search(r"incident \w+ ended, \w+: 192.0.2.1 to 198.51.100.7: 3\d TCP flows, port 443", err)
    assert main(["watch", "-c", str(config), "-r", str(log), "-q"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "warning investigate: few hosts raise the rate" in line
    quiet = tmp_path / "quiet.log"
    begin(quiet)
    grow(quiet, ROWS[:30])
    assert main(["watch", "-c", str(config), "-r", str(quiet), "-q"]) == 0
    assert capsys.readouterr().err == ""
    empty = tmp_path / "empty.log"
    begin(empty)
    assert main(["watch", "-c", str(config), "-r", str(empty)]) == 3
