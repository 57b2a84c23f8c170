"""A stream of Redis: one entry a record, with the fields `id`, `format` and `event`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clan.alerts.delivery import Record
from clan.alerts.sinks.address import Address, secret_of
from clan.alerts.sinks.encoding import Encoding
from clan.errors import ConfigError, MissingExtra, SinkError


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a stream.

    Attributes:
        db: Number of the database.
        maxlen: About how many entries the stream keeps; 0: all.
        username: User, where the server has users.
        password_env: Environment variable with the password.
        password_file: File with it.
        ca: With rediss: file of the authorities that may have signed the server's certificate; default: the system's.
        timeout_s: Longest wait for a connection and for an answer.
    """

    db: int = 0
    maxlen: int = 0
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    ca: str | None = None
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s <= 60:
            raise ConfigError("timeout is between 0 and 60 s")


def check_address(address: Address) -> None:
    """Want a host and the name of a stream."""
    if not address.host or not address.path.strip("/"):
        raise ConfigError(f"a {address.scheme} sink is written {address.scheme}://HOST:6379/STREAM")


def encoding_over(encoding: Encoding, options: Options) -> Encoding:
    """Store records as they are."""
    return encoding


def open_transport(address: Address, options: Options, encoding: Encoding) -> RedisTransport:
    """Make the transport."""
    return RedisTransport(address, options, encoding.name)


class RedisTransport:
    """Appends records to a stream.

    Args:
        address: Server and stream.
        options: Database, length, password.
        form: Name of the encoding, for the field `format`.

    Raises:
        MissingExtra: redis is not installed.
        SourceUnavailable, ConfigError: The password cannot be read.
    """

    inline, settle_s, max_batch = False, 0.0, 500

    def __init__(self, address: Address, options: Options, form: str) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            raise MissingExtra("redis", "redis", "send alerts to a stream of Redis") from error
        self._redis, self.options, self._form = redis, options, form
        self.place = f"{address.scheme}://{address.netloc}{address.raw_path}"
        self._stream = address.path.strip("/")
        tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": options.ca} if address.scheme == "rediss" else {}
        self._client = redis.Redis(
            host=address.host,
            port=address.port or 6379,
            db=options.db,
            username=options.username,
            password=secret_of(options.password_env, options.password_file, what="password of Redis"),
            socket_timeout=options.timeout_s,
            socket_connect_timeout=options.timeout_s,
            retry=Retry(NoBackoff(), 0),  # trying again is the delivery's
            **tls,
        )

    def send(self, batch: Sequence[Record]) -> None:
        """Append records in one round trip.

        Raises:
            SinkError: The server is away, or refuses.
        """
        errors = self._redis.exceptions
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for record in batch:
                    fields: dict[Any, Any] = {"id": record.id, "format": self._form, "event": record.body}
                    pipeline.xadd(self._stream, fields, maxlen=self.options.maxlen or None, approximate=True)
                pipeline.execute()
        except (errors.RedisError, OSError) as error:
            # every answer of the server may change: a full or loading server, a password, even a key of another type
            raise SinkError(f"{self.place}: {error}") from error

    def check(self) -> bool:
        """Say yes: every entry was answered with its id."""
        return True

    def confirm(self) -> None:
        """Do nothing: every entry was answered with its id."""

    def reopen(self) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._client.close()
