"""Following logs: flows as they are written, a state that survives, and a good end."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import redis
from tests.sources.suricata import events
from tests.sources.zeek.logs import connections, header, lines, text

from clan.errors import ConfigError, SourceUnavailable
from clan.sources import FollowReader
from clan.sources.base import EndlessReader
from clan.sources.redis_feed import RedisFeed

ROWS = connections(40)


def run(reader: FollowReader, steps: Callable[[int], bool]) -> pl.DataFrame:
    """Follow, and call `steps` with the number of flows so far about every tick, until it says that it is enough."""
    out = [pl.DataFrame()]
    release = reader._tell

    def tell() -> None:
        release()
        if steps(sum(batch.height for batch in out)):
            reader.stop()

    reader._tell = tell  # type: ignore[method-assign]
    for batch in reader.batches():
        out.append(batch)  # noqa: PERF402 - `tell` looks at it meanwhile
    return pl.concat([batch for batch in out if batch.height])


def test_flows_come_as_they_are_written_and_through_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text(header() + lines(ROWS[:10]))
    done = [10]

    def step(n: int) -> bool:
        if n == done[-1] < 40:
            done.append(n + 10)
            if n == 20:
                path.rename(tmp_path / "conn.1.log")
                path.write_text(header())
            with path.open("a") as log:
                log.write(lines(ROWS[n : n + 10]))
        return n == 40

    reader = FollowReader([str(path)], state=str(tmp_path / "state"))
    assert isinstance(reader, EndlessReader)
    flows = run(reader, step)
    assert sorted(flows["uid"]) == sorted(row["uid"] for row in ROWS)
    assert (reader.report.counts["rotations"], reader.report.counts["records"]) == (1, 40)
    assert reader.origin() == {"kind": "zeek", "formats": ["zeek"], "settings": {}}


def test_context_goes_on_from_turn_to_turn(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text(header() + lines(ROWS[:10]))
    flows = run(FollowReader([str(path)], features=["conn", "context"]), lambda n: n == 10)
    assert flows["ctx_src_flows_60s"].max() == pytest.approx(9, rel=0.01)


def test_restart_goes_on_and_knows_the_columns(tmp_path: Path) -> None:
    path, state = tmp_path / "conn.log", tmp_path / "state"
    path.write_text(header() + lines(ROWS[:10]))
    assert run(FollowReader([str(path)], state=str(state)), lambda n: n == 10).height == 10
    assert json.loads(state.read_text())["logs"][str(path)]["offset"] == path.stat().st_size
    with path.open("a") as log:
        log.write(lines(ROWS[10:15]))
    assert run(FollowReader([str(path)], state=str(state)), lambda n: n == 5).height == 5
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".clan")] == []


def test_what_was_not_handled_is_read_again(tmp_path: Path) -> None:
    path, state = tmp_path / "conn.log", str(tmp_path / "state")
    path.write_text(header() + lines(ROWS))
    given = FollowReader([str(path)], state=state).batches()
    next(given)
    given.close()  # type: ignore[attr-defined]  # as an error of whoever takes the flows does
    assert run(FollowReader([str(path)], state=state), lambda n: n == 40).height == 40


def test_logs_beside_grow_too(tmp_path: Path) -> None:
    path, beside = tmp_path / "conn.log", tmp_path / "dns.log"
    fields = ["ts", "uid", "query", "rcode"]
    path.write_text(header() + lines(ROWS[:1]))
    beside.write_text(header("dns", fields))
    done: list[int] = []

    def step(n: int) -> bool:
        if n == 1 and not done:
            with beside.open("a") as log:
                log.write(
                    lines([{"ts": ROWS[1]["ts"], "uid": ROWS[1]["uid"], "query": "a.example", "rcode": 0}], fields)
                )
            with path.open("a") as log:
                log.write(lines(ROWS[1:2]))
            done.append(1)
        return n == 2

    flows = run(FollowReader([str(path)]), step)
    assert flows["conn_dns_queries"].to_list() == [0, 1]


@pytest.mark.parametrize("content", ["{}", "[1]", '{"version": 2, "logs": {}}', '{"version": 1, "logs": []}', "no"])
def test_a_state_that_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text(content)
    (tmp_path / "conn.log").write_text(text(ROWS))
    with pytest.raises(ConfigError, match="delete it to begin anew"):
        FollowReader([str(tmp_path / "conn.log")], state=str(tmp_path / "state"))


def test_a_position_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text(text(ROWS))
    (tmp_path / "state").write_text(json.dumps({"version": 1, "logs": {str(path): {"offset": "far"}}}))
    with pytest.raises(ConfigError, match="delete the state file"):
        FollowReader([str(path)], state=str(tmp_path / "state"))


def test_what_cannot_be_followed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder; name the logs"):
        FollowReader([str(tmp_path)])
    (tmp_path / "conn.log").write_text(text(ROWS))
    (tmp_path / "eve.json").write_text(events.lines([events.flow(1)]))
    with pytest.raises(ConfigError, match=r"of 2 kinds"):
        FollowReader([str(tmp_path / "conn.log"), str(tmp_path / "eve.json")])
    for name, what in (("pcap", "-i INTERFACE"), ("nfdump", "follow the folder"), ("csv", "when it is complete")):
        with pytest.raises(ConfigError, match=rf"whose files do not grow: .*{what}"):
            FollowReader([str(tmp_path / "conn.log")], format_name=name, features=["table"])
    (tmp_path / "a").write_text(ARGUS)
    with pytest.raises(ConfigError, match="those of zeek, eve can"):
        FollowReader([str(tmp_path / "a")], keep_records=True)


ARGUS_LINE = "2019/04/04 16:24:47.{n:06},1.5,tcp,10.8.0.69,{n},   ->,14.1.11.113,999,S_RA,31,8764,1887\n"
ARGUS = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotPkts,TotBytes,SrcBytes\n" + ARGUS_LINE.format(n=1)


def test_argus_lines_grow_and_rotate(tmp_path: Path) -> None:
    path, state = tmp_path / "argus.csv", str(tmp_path / "state")
    path.write_text(ARGUS)
    done = [1]

    def step(n: int) -> bool:
        if n == done[-1] < 4:
            done.append(n + 1)
            if n == 2:
                path.rename(tmp_path / "argus.1.csv")
                path.write_text(ARGUS.splitlines()[0] + "\n")
            with path.open("a") as log:
                log.write(ARGUS_LINE.format(n=n + 1))
        return n == 4

    flows = run(FollowReader([str(path)], state=state), step)
    assert sorted(flows["src_port"]) == [1, 2, 3, 4]
    with path.open("a") as log:
        log.write(ARGUS_LINE.format(n=5))
    restarted = run(FollowReader([str(path)], state=state), lambda n: n == 1)
    assert restarted["src_port"].to_list() == [5]
    assert restarted["uid"][0] not in set(flows["uid"])  # or its alert would take the place of another in a store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Redis server of our own, on a Unix port of this machine alone."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL)
    client = redis.Redis(host="127.0.0.1", port=port)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield client, f"redis://127.0.0.1:{port}"
    client.close()
    process.terminate()
    process.wait(10)


def test_list_of_redis_is_emptied(server: Any) -> None:
    client, place = server
    for event in [events.alert(1, "x"), *(events.flow(i) for i in range(5))]:
        client.lpush("suricata", json.dumps(event))  # as Suricata's mode list
    flows = run(FollowReader([f"{place}/suricata"]), lambda n: n == 5)
    assert flows["uid"].to_list() == [str(100 + i) for i in range(5)]
    assert flows["source_alert"].to_list() == [None, "x", None, None, None]
    assert client.llen("suricata") == 0


def test_stream_of_redis_is_read_on_from_where_it_was(server: Any, tmp_path: Path) -> None:
    client, place = server
    state = str(tmp_path / "state")
    for first in (0, 5):
        for i in range(first, first + 5):
            client.xadd("events", {"eve": json.dumps(events.flow(i))})  # as Suricata's mode stream
        flows = run(FollowReader([f"{place}/events"], state=state), lambda n: n == 5)
        assert flows["uid"].to_list() == [str(100 + i) for i in range(first, first + 5)]


def test_redis_that_is_not_there_or_holds_something_else(server: Any) -> None:
    client, place = server
    client.set("text", "x")
    with pytest.raises(SourceUnavailable, match="is a string: expected a list or a stream"):
        run(FollowReader([f"{place}/text"]), lambda n: True)
    with pytest.raises(SourceUnavailable, match="does not answer"):
        FollowReader(["redis://127.0.0.1:1/suricata"])


@pytest.mark.parametrize(
    "place",
    ["127.0.0.1", "127.0.0.1/k?side=up", "127.0.0.1/k?x=1", "127.0.0.1/k?db=a", "127.0.0.1:port/k", "[127.0.0.1/k"],
)
@pytest.mark.parametrize("who", ["", "clan:s3cret@", "clan:1/s3cret@", "clan:s3cret?@", "clan:1#s3cret@"])
def test_places_in_redis_that_are_none_are_named_without_the_password(place: str, who: str) -> None:
    with pytest.raises(ConfigError, match=r"^redis://\[?127.*expected redis://") as refused:
        FollowReader([f"redis://{who}{place}"])
    assert "s3cret" not in str(refused.value)


def test_a_password_goes_to_redis_and_nowhere_else(server: Any, tmp_path: Path) -> None:
    client, place = server
    state = tmp_path / "state"
    client.acl_setuser("cl@n", enabled=True, passwords=["+s3/cr@t%"], keys=["*"], commands=["+@all"])
    client.xadd("a@b", {"eve": json.dumps(events.flow(1))})
    url = place.replace("://", "://cl%40n:s3%2Fcr%40t%25@") + "/a%40b?db=0"
    reader = FollowReader([url], state=str(state))
    flows = run(reader, lambda n: n == 1)
    client.acl_deluser("cl@n")
    assert flows["source"].to_list() == reader.names == [f"{place}/a%40b?db=0"]
    assert "s3" not in state.read_text()
    with pytest.raises(SourceUnavailable, match="does not answer") as refused:
        FollowReader([url])
    with pytest.raises(ConfigError, match="do not grow") as other:
        FollowReader([url], format_name="csv")
    assert "s3" not in f"{refused.value} {other.value}"


def test_redis_that_goes_away_is_told_once_and_when_it_is_back(
    server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, place = server
    client.lpush("gone", json.dumps(events.flow(1)))
    feed = RedisFeed(f"{place}/gone", {})
    pieces = feed.pieces()

    def away() -> list[bytes]:
        raise redis.ConnectionError("connection refused")

    monkeypatch.setattr(feed, "_take", away)
    assert [next(pieces) for _ in range(3)] == [b""] * 3
    monkeypatch.undo()
    assert next(pieces).count(b"\n") == 1
    assert next(pieces) == b""
    feed.close()
    told = [record.getMessage().removeprefix(f"{place}/gone ") for record in caplog.records]
    assert told == ["does not answer, and is asked again: connection refused", "answers again"]
    assert feed.counts() == {"redis_failures": 3}
