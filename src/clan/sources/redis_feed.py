"""Events from Redis, as Suricata writes them there: a list, or a stream."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from clan.errors import ConfigError, MissingExtra, SourceUnavailable

_logger = logging.getLogger(__name__)

AT_ONCE: Final = 4096
"""Events that are taken at a time."""
TIMEOUT_S: Final = 5.0
_EXPECTED: Final = (
    "expected redis://[USER:PASSWORD@]HOST[:PORT]/KEY, and perhaps ?db=N or &side=left; in user, password and key "
    "write @ as %40, / as %2F, ? as %3F and # as %23"
)


def is_redis(path: str) -> bool:
    """Tell whether a path names a place in Redis."""
    return path.startswith(("redis://", "rediss://"))


def without_credentials(path: str) -> str:
    """Leave user and password out of a place in Redis; any other path stays as it is.

    Example:
        >>> without_credentials("redis://clan:secret@127.0.0.1/suricata?db=1"), without_credentials("conn.log")
        ('redis://127.0.0.1/suricata?db=1', 'conn.log')
    """
    return re.sub("://.*@", "://", path, count=1, flags=re.DOTALL) if is_redis(path) else path


class RedisFeed:
    """Events of a Redis key, whatever it is; one that is not there yet is waited for.

    A list is emptied from its right end, where the oldest events of Suricata's `lpush` are; `?side=left` is for
    `rpush`. A stream is read on from where it was left, and stays as it is.

    Args:
        url: `redis://[USER:PASSWORD@]HOST[:PORT]/KEY[?db=N&side=left]`; in user, password and key, characters such as
            `@` and `/` are written `%40` and `%2F`.
        saved: As `saved` gave it in an earlier run; empty to begin at the beginning.

    Raises:
        ConfigError: The URL names no key, or something that is not known.
        MissingExtra: The library is not there.
        SourceUnavailable: Redis does not answer.
    """

    def __init__(self, url: str, saved: dict[str, Any]) -> None:
        try:
            import redis
        except ImportError as error:
            raise MissingExtra("redis", "redis", "read events from Redis") from error
        named = without_credentials(url)
        try:
            parts = urlsplit(url)
            port = parts.port or 6379
        except ValueError as error:  # its message may hold a piece of the password
            raise ConfigError(f"{named}: {_EXPECTED}") from error
        asked = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
        self._key = unquote(parts.path.lstrip("/"))
        unknown = set(asked) - {"db", "side"}
        database, side = asked.get("db", "0"), asked.get("side", "right")
        # an @ behind the host is the end of a password with a / in it
        if not self._key or unknown or "@" in parts.path or side not in ("left", "right") or not database.isdecimal():
            raise ConfigError(f"{named}: {_EXPECTED}")
        self._db = int(database)
        self._left = side == "left"
        self._place = named
        self._error = redis.RedisError
        self._last = str(saved.get("last", "0-0"))
        self._client: Any = redis.Redis(
            host=parts.hostname or "127.0.0.1",
            port=port,
            db=self._db,
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            ssl=parts.scheme == "rediss",
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        )
        self._reconnects, self._away = 0, False
        try:
            self._client.ping()
        except self._error as error:
            self._client.close()
            raise SourceUnavailable(f"{self._place} does not answer: {error}") from error

    def pieces(self) -> Iterator[bytes]:
        """Yield the events that there are, a line each, and `b""` whenever there is none (any more)."""
        while True:
            try:
                events = self._take()
            except self._error as error:  # a server that restarts is waited for
                self._reconnects += 1
                events = []
                if not self._away:
                    _logger.warning("%s does not answer, and is asked again: %s", self._place, error)
                self._away = True
            else:
                if self._away:
                    _logger.warning("%s answers again", self._place)
                self._away = False
            yield b"".join(event.replace(b"\n", b" ") + b"\n" for event in events)

    def _take(self) -> list[bytes]:
        """Take what there is, at most `AT_ONCE` events."""
        kind = self._client.type(self._key)
        if kind == b"list":
            pop = self._client.lpop if self._left else self._client.rpop
            return pop(self._key, AT_ONCE) or []
        if kind == b"stream":
            found = self._client.xread({self._key: self._last}, count=AT_ONCE)
            entries = found[0][1] if found else []
            if entries:
                self._last = entries[-1][0].decode()
            return [value for _, fields in entries for value in fields.values()]
        if kind == b"none":
            return []
        raise SourceUnavailable(f"{self._place} is a {kind.decode()}: expected a list or a stream")

    def head(self) -> bytes:
        """Give nothing: events explain themselves."""
        return b""

    def saved(self) -> dict[str, Any]:
        """Give the last event of a stream; a list remembers by itself what was taken."""
        return {"last": self._last}

    def counts(self) -> dict[str, int]:
        """Give how often the server did not answer."""
        return {"redis_failures": self._reconnects}

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
