"""A topic of Kafka: one message a record, its id as a header and as the key, confirmed by all replicas in sync."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clan.alerts.delivery import Record
from clan.alerts.sinks.address import Address, secret_of
from clan.alerts.sinks.encoding import Encoding
from clan.errors import ConfigError, MissingExtra, SinkError


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a topic.

    Attributes:
        tls: Whether to connect over TLS.
        ca: With TLS: file of the authorities that may have signed the brokers' certificates; default: the system's.
        cert: With TLS: file of our own certificate.
        key: With TLS: file of its key.
        sasl: Mechanism of authentication, with username and password.
        username: User.
        password_env: Environment variable with the password.
        password_file: File with it.
        timeout_s: Longest wait for the brokers to confirm a batch.
        compression: How messages are compressed.
    """

    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    timeout_s: float = 10.0
    compression: Literal["none", "gzip", "lz4", "zstd"] = "lz4"

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_s <= 60:
            raise ConfigError("timeout is between 1 and 60 s")
        if not self.tls and (self.ca or self.cert or self.key):
            raise ConfigError("ca, cert and key are for tls=yes")


def check_address(address: Address) -> None:
    """Want brokers and a topic."""
    topic = address.path.strip("/")
    if not address.netloc or not topic:
        raise ConfigError("a kafka sink is written kafka://HOST:9092/TOPIC, with commas between several hosts")
    if len(topic) > 249 or not all(char.isascii() and (char.isalnum() or char in "._-") for char in topic):
        raise ConfigError("a topic of Kafka is letters, digits, dots, - and _, at most 249")


def encoding_over(encoding: Encoding, options: Options) -> Encoding:
    """Send records as they are."""
    return encoding


def open_transport(address: Address, options: Options, encoding: Encoding) -> KafkaTransport:
    """Make the transport."""
    return KafkaTransport(address, options, encoding.name)


class KafkaTransport:
    """Produces messages.

    Args:
        address: Brokers and topic.
        options: TLS, user, times.
        form: Name of the encoding, for the header `format`.

    Raises:
        MissingExtra: confluent-kafka is not installed.
        SourceUnavailable, ConfigError: The password cannot be read, or librdkafka refuses a setting.
    """

    inline, settle_s, max_batch = False, 0.0, 500

    def __init__(self, address: Address, options: Options, form: str) -> None:
        try:
            import confluent_kafka
        except ImportError as error:
            raise MissingExtra("confluent_kafka", "kafka", "send alerts to Kafka") from error
        self._kafka, self.options, self._form = confluent_kafka, options, form
        self._topic = address.path.strip("/")
        self.place = f"kafka://{address.netloc}/{self._topic}"
        self._settings = _settings(address.netloc, options)
        self._producer: Any = None
        self._connected()

    def _connected(self) -> Any:
        if self._producer is None:
            try:
                self._producer = self._kafka.Producer(self._settings)
            except self._kafka.KafkaException as error:
                raise ConfigError(f"{self.place}: {error.args[0].str()}") from error
        return self._producer

    def send(self, batch: Sequence[Record]) -> None:
        """Produce messages and wait until all are confirmed.

        Raises:
            SinkError: Not all were; not retryable where one is larger than the brokers take.
        """
        producer, errors = self._connected(), []

        def answered(error: Any, _: Any) -> None:
            if error is not None:
                errors.append(error)

        headers = {"format": self._form.encode()}
        for record in batch:
            name = record.id.encode("utf-8", "replace")
            try:
                producer.produce(
                    self._topic, record.body, key=name, headers=headers | {"id": name}, on_delivery=answered
                )
            except self._kafka.KafkaException as error:
                errors.append(error.args[0])
                break
            except BufferError:
                errors.append(self._kafka.KafkaError(self._kafka.KafkaError._QUEUE_FULL))  # noqa: SLF001 - its name
                break
        left = producer.flush(self.options.timeout_s + 1.0)
        if left:
            producer.purge()  # what is not confirmed now is sent anew, and not twice by both of us
            producer.flush(1.0)
        if errors or left:
            words = errors[0].str() if errors else "the brokers confirm nothing"
            too_large = bool(errors) and errors[0].code() in (
                self._kafka.KafkaError.MSG_SIZE_TOO_LARGE,
                self._kafka.KafkaError.INVALID_MSG,
            )
            raise SinkError(f"{self.place}: {words}", retryable=not too_large)

    def check(self) -> bool:
        """Say yes: every message was confirmed."""
        return True

    def confirm(self) -> None:
        """Do nothing: every message was confirmed."""

    def reopen(self) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Let go of the brokers; safe to call twice."""
        self._producer = None


def _settings(brokers: str, options: Options) -> dict[str, Any]:
    """Settings of librdkafka: all replicas confirm, no message twice or out of order within a session."""
    password = secret_of(options.password_env, options.password_file, what="password of Kafka")
    if (options.username is None) != (password is None):
        raise ConfigError("a user of Kafka needs username and password_env or password_file")
    protocol = ("SASL_" if options.username else "") + ("SSL" if options.tls else "PLAINTEXT")
    settings: dict[str, Any] = {
        "bootstrap.servers": brokers,
        "client.id": "clan",
        "security.protocol": protocol,
        "acks": "all",
        "enable.idempotence": True,
        "delivery.timeout.ms": int(options.timeout_s * 1000),
        "compression.type": options.compression,
        "linger.ms": 5,
        "logger": _silent(),
    }
    if options.username:
        settings |= {"sasl.mechanism": options.sasl, "sasl.username": options.username, "sasl.password": password}
    files = {"ca": "ssl.ca.location", "cert": "ssl.certificate.location", "key": "ssl.key.location"}
    return settings | {key: getattr(options, name) for name, key in files.items() if getattr(options, name)}


def _silent() -> Any:
    """A logger for what librdkafka would write to standard error; what matters comes back as an error."""
    import logging

    logger = logging.getLogger("clan.alerts.kafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
