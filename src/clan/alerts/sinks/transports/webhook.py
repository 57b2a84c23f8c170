"""Webhooks: batches posted over HTTPS, signed, never redirected.

Every request has `X-Clan-Timestamp` (seconds since the epoch), `X-Clan-Id` (of its first record and their number) and,
with a secret, `X-Clan-Signature`: `v1=` and the HMAC-SHA256 of timestamp, a dot and the body, in hexadecimal.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from clan._version import __version__
from clan.alerts.delivery import Record
from clan.alerts.sinks.address import Address, secret_of
from clan.alerts.sinks.encoding import Container, Encoding
from clan.errors import ConfigError, SinkError, SourceUnavailable

_REFUSALS = frozenset({400, 413, 415, 422})
"""Answers that mean this body, and not the receiver's state or our rights: sending it again is of no use."""
_MOST_ANSWER = 64 << 10


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a webhook.

    Attributes:
        secret_env: Environment variable with the key that requests are signed with.
        secret_file: File with it.
        token_env: Environment variable with a token for the Authorization header.
        token_file: File with it.
        token_scheme: What stands before the token: `Bearer`, `Splunk`, `ApiKey`.
        signed: Whether a request without signature and token is refused when the sink is opened.
        batch: Most records in a request; with 1, the body is that record alone.
        timeout_s: Longest time for a request, all told.
        ca: File of the authorities that may have signed the receiver's certificate; default: the system's.
    """

    secret_env: str | None = None
    secret_file: str | None = None
    token_env: str | None = None
    token_file: str | None = None
    token_scheme: str = "Bearer"  # noqa: S105 - the name of a scheme
    signed: bool = True
    batch: int = 100
    timeout_s: float = 10.0
    ca: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= 10_000:
            raise ConfigError(f"batch is between 1 and 10,000, got {self.batch}")
        if not 0 < self.timeout_s <= 60:
            raise ConfigError("timeout is between 0 and 60 s")
        if not (self.token_scheme.isascii() and self.token_scheme.isalnum()):
            raise ConfigError("token_scheme is letters and digits, such as Bearer")
        if self.signed and not (self.secret_env or self.secret_file or self.token_env or self.token_file):
            raise ConfigError(
                "requests are signed: name the key with secret_env=VARIABLE or secret_file=FILE, or say signed=no"
            )


def check_address(address: Address) -> None:
    """Want a host; without TLS only this machine."""
    if not address.host:
        raise ConfigError(f"a webhook is written {address.scheme}://HOST/PATH")
    if address.scheme == "webhook+http" and not _is_loopback(address.host):
        raise ConfigError("webhook+http:// is for this machine (127.0.0.1); use webhook+https:// for any other")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def encoding_over(encoding: Encoding, options: Options) -> Encoding:
    """Post records as they are."""
    return encoding


def open_transport(address: Address, options: Options, encoding: Encoding) -> WebhookTransport:
    """Make the transport."""
    return WebhookTransport(address, options, encoding.container)


class WebhookTransport:
    """Posts records.

    Args:
        address: Where to.
        options: Keys, times, size of a batch.
        container: What stands around and between records.

    Raises:
        SourceUnavailable, ConfigError: A secret or a certificate cannot be read.
    """

    inline, settle_s = False, 0.0

    def __init__(self, address: Address, options: Options, container: Container) -> None:
        self.options, self.container, self.max_batch = options, container, options.batch
        self.place = f"{address.scheme}://{address.netloc}"  # the path may be a secret
        self._where, self._path = (address.host, address.port), address.raw_path or "/"
        self._key = secret_of(options.secret_env, options.secret_file, what="key of a webhook")
        self._token = secret_of(options.token_env, options.token_file, what="token of a webhook")
        if self._token is not None and not (self._token.isascii() and self._token.isprintable()):
            raise ConfigError("the token of a webhook is not printable ASCII")
        self._tls: ssl.SSLContext | None = None
        if address.scheme == "webhook+https":
            try:
                self._tls = ssl.create_default_context(cafile=options.ca)
            except ssl.SSLError as error:
                raise ConfigError(f"the authorities in {options.ca} cannot be used: {error}") from error
            except OSError as error:
                raise SourceUnavailable(
                    f"the authorities in {options.ca} cannot be read: {error.strerror or error}"
                ) from error
        self._connection: http.client.HTTPConnection | None = None

    def send(self, batch: Sequence[Record]) -> None:
        """Post records in one request.

        Raises:
            SinkError: The receiver is away or answers with anything but success; not retryable where it refuses the
                body.
        """
        container = self.container
        if len(batch) == 1 and self.options.batch == 1 and not container.head:
            body, media_type = batch[0].body, container.media_type.replace("x-ndjson", "json")
        else:
            body = container.document([record.body for record in batch])
            media_type = container.media_type
        status = self._post(body, self._headers(body, media_type, batch))
        if not 200 <= status < 300:
            words = http.client.responses.get(status, "")
            if 300 <= status < 400:
                words += ", and redirections are not followed"
            raise SinkError(f"{self.place}: answer {status} {words}", retryable=status not in _REFUSALS)

    def _headers(self, body: bytes, media_type: str, batch: Sequence[Record]) -> dict[str, str]:
        now = str(int(time.time()))
        first = "".join(char for char in batch[0].id if (char.isascii() and char.isalnum()) or char == "-")
        headers = {
            "Content-Type": media_type,
            "User-Agent": f"clan/{__version__}",
            "X-Clan-Timestamp": now,
            "X-Clan-Id": f"{first}/{len(batch)}",
        }
        if self._key is not None:
            headers["X-Clan-Signature"] = signature(self._key, now, body)
        if self._token is not None:
            headers["Authorization"] = f"{self.options.token_scheme} {self._token}"
        return headers

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        """Post and read the answer, over the connection that is there, within the time for a request."""
        timer = threading.Timer(self.options.timeout_s, self._cut)  # a receiver may drip its answer byte by byte
        timer.daemon = True
        timer.start()
        try:
            connection = self._connected()
            connection.request("POST", self._path, body, headers)
            answer = connection.getresponse()
            answer.read(_MOST_ANSWER)
            if answer.will_close or not answer.isclosed():
                self.close()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            words = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise SinkError(f"{self.place}: {words}") from error
        else:
            return answer.status
        finally:
            timer.cancel()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = self._where
            timeout = self.options.timeout_s
            if self._tls is None:
                self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
            else:
                self._connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        return self._connection

    def _cut(self) -> None:
        """End a request that takes too long, from the timer's thread."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def check(self) -> bool:
        """Say yes: every request was answered."""
        return True

    def confirm(self) -> None:
        """Do nothing: every request was answered."""

    def reopen(self) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        found, self._connection = self._connection, None
        if found is not None:
            found.close()


def signature(key: str, timestamp: str, body: bytes) -> str:
    """Sign a request.

    Args:
        key: The secret that both sides know.
        timestamp: What `X-Clan-Timestamp` holds.
        body: The body as it is sent.

    Example:
        >>> signature("secret", "1700000000", b"{}")[:19]
        'v1=b8569b78799ff9e3'
    """
    digest = hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"
