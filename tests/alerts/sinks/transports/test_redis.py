"""A stream of a real Redis has every alert, also over an outage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alerts.delivery.fakes import until
from tests.alerts.sinks.transports.receivers import RedisServer, running
from tests.alerts.sinks.transports.sending import ids_of, numbered, sink_of, without_repetitions

from clan.errors import ConfigError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(RedisServer(tmp_path)) as found:
        yield found


def entries(server: RedisServer, stream: str = "alerts") -> list[dict[bytes, bytes]]:
    client = server.client()
    try:
        return [fields for _, fields in client.xrange(stream)]
    finally:
        client.close()


@pytest.mark.parametrize("kill", [False, True])
def test_an_outage_loses_nothing(server: RedisServer, tmp_path: Path, kill: bool) -> None:
    alerts = numbered(300)
    with sink_of(f"redis://127.0.0.1:{server.port}/alerts", tmp_path) as sink:
        for each in alerts[:100]:
            sink.emit(each)
        until(lambda: sink.counters()["sent"] >= 50, "the first alerts")
        server.stop(kill=kill)
        for each in alerts[100:200]:
            sink.emit(each)
        until(lambda: sink.counters()["retried"] > 1, "a try that failed")
        server.start()
        for each in alerts[200:]:
            sink.emit(each)
    assert sink.counters()["sent"] == 300
    found = entries(server)
    assert without_repetitions([fields[b"id"].decode() for fields in found]) == ids_of(alerts)
    assert {fields[b"format"] for fields in found} == {b"eve"}
    assert json.loads(found[0][b"event"])["event_type"] == "alert"


def test_a_key_that_is_no_stream_is_told_and_nothing_is_lost(server: RedisServer, tmp_path: Path) -> None:
    client = server.client()
    client.set("alerts", "a string")
    with sink_of(f"redis://127.0.0.1:{server.port}/alerts?format=ecs", tmp_path) as sink:
        sink.emit(numbered(1)[0])
        until(lambda: sink.counters()["retried"] > 1, "a try that failed")
        assert "WRONGTYPE" in sink.counters()["last_error"]
        client.delete("alerts")
    client.close()
    assert sink.counters()["sent"] == 1
    assert len(entries(server)) == 1


def test_the_stream_is_bounded(server: RedisServer, tmp_path: Path) -> None:
    with sink_of(f"redis://127.0.0.1:{server.port}/alerts?maxlen=100&format=text", tmp_path) as sink:
        for each in numbered(1000):
            sink.emit(each)
    assert 100 <= len(entries(server)) < 300  # Redis cuts whole nodes


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://h", "is written redis://HOST:6379/STREAM"),
        ("redis://:secret@h/s", "password_env"),
        ("redis://h/s?timeout=0", "timeout is between"),
        ("redis://h/s?password_env=CLAN_NO_SUCH", "CLAN_NO_SUCH should hold the password of Redis"),
    ],
)
def test_mistakes(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        sink_of(url, tmp_path)
    assert "secret@" not in str(error.value)
