"""A topic on librdkafka's mock cluster, which speaks the real protocol, has every alert, also over an outage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.alerts.delivery.fakes import until
from tests.alerts.sinks.transports.sending import ids_of, numbered, sink_of, without_repetitions

from clan.errors import ConfigError


@pytest.fixture
def cluster() -> Iterator[str]:
    """Brokers inside a client of their own, for as long as it lives."""
    kafka = pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed (the extra kafka)")
    owner = kafka.Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 3, "log_level": 0})
    (found,) = {",".join(str(b).split("/")[0] for b in owner.list_topics(timeout=30).brokers.values())}
    yield found
    del owner


def messages(brokers: str, topic: str, n: int) -> list[Any]:
    """At least n messages of a topic."""
    import confluent_kafka

    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest", "log_level": 0}
    )
    consumer.subscribe([topic])
    found: list[Any] = []

    def enough() -> bool:
        found.extend(consumer.consume(500, 0.2))
        return len(found) >= n

    try:
        until(enough, "messages")
    finally:
        consumer.close()
    assert all(each.error() is None for each in found)
    return sorted(found, key=lambda each: (each.partition(), each.offset()))


def test_messages_have_their_id_and_their_format(cluster: str, tmp_path: Path) -> None:
    alerts = numbered(50)
    with sink_of(f"kafka://{cluster}/clan.alerts?format=ocsf", tmp_path) as sink:
        for each in alerts:
            sink.emit(each)
    assert sink.counters()["sent"] == 50
    found = messages(cluster, "clan.alerts", 50)
    assert sorted(each.key().decode() for each in found) == sorted(ids_of(alerts))
    assert dict(found[0].headers()) == {"format": b"ocsf", "id": found[0].key()}
    assert json.loads(found[0].value())["class_uid"] == 2004


def test_an_outage_loses_nothing(tmp_path: Path) -> None:
    """The first brokers vanish; the same place is then served by nobody until others listen there."""
    kafka = pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed (the extra kafka)")
    owner = kafka.Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = owner.list_topics(timeout=30).brokers.values()
    place = str(broker).split("/")[0]
    alerts = numbered(60)
    with sink_of(f"kafka://{place}/t", tmp_path, timeout=1, drain=2) as sink:
        for each in alerts[:30]:
            sink.emit(each)
        until(lambda: sink.counters()["sent"] == 30, "the first alerts")
        del owner  # the brokers are gone
        for each in alerts[30:]:
            sink.emit(each)
        until(lambda: sink.counters()["retried"] >= 1, "a try that failed")
    assert sink.counters()["sent"] == 30
    assert sink.counters()["spooled"] == 30
    # Another run finds the spool, and brokers at another place.
    again = kafka.Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = again.list_topics(timeout=30).brokers.values()
    place = str(broker).split("/")[0]
    with sink_of(f"kafka://{place}/t?name={sink.name}", tmp_path) as later:
        until(lambda: later.counters()["sent"] == 30, "what had waited")
    found = messages(place, "t", 30)
    assert sorted(without_repetitions([each.key().decode() for each in found])) == sorted(ids_of(alerts[30:]))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("kafka://h:9092", "is written kafka://HOST:9092/TOPIC"),
        ("kafka://h:9092/a%20b", "a topic of Kafka is letters"),
        ("kafka://h/t?ca=x", "are for tls=yes"),
        ("kafka://h/t?username=u", "needs username and password_env"),
        ("kafka://h/t?sasl=PLAN", "takes PLAIN or SCRAM"),
        ("kafka://h/t?timeout=0", "timeout is between 1"),
        ("kafka://h/t?tls=yes&ca=/no/such/file", "no/such/file|ssl.ca.location"),
    ],
)
def test_mistakes(url: str, message: str, tmp_path: Path) -> None:
    pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed (the extra kafka)")
    with pytest.raises(ConfigError, match=message):
        sink_of(url, tmp_path)
