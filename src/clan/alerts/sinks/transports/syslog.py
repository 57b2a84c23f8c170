"""Syslog receivers over UDP (RFC 5426), TCP with octet counting (RFC 6587) and TLS (RFC 5425).

None of them confirms anything. Over TCP and TLS a record counts as received when the connection has outlived it by
`settle` seconds; what was sent over a connection that breaks before that is sent again. Over UDP a refusal by the
receiver's machine is noticed in the same way, and a datagram that is lost on the way is lost.
"""

from __future__ import annotations

import array
import fcntl
import os
import socket
import ssl
import termios
from collections.abc import Sequence
from dataclasses import dataclass

from clan.alerts.delivery import Record
from clan.alerts.sinks.address import Address
from clan.alerts.sinks.encoding import Encoding
from clan.alerts.sinks.encodings.syslog import Syslog
from clan.errors import ConfigError, SinkError, SourceUnavailable

_PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514}
_DATAGRAM = 65_000  # bytes that fit into one, with room for headers


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of syslog.

    Attributes:
        facility: Name of the facility.
        sd_id: Id of the structured data.
        timeout_s: Longest wait for a connection and for a send.
        settle_s: Seconds that a connection has to outlive a record.
        ca: With TLS: file of the authorities that may have signed the receiver's certificate; default: the system's.
        cert: With TLS: file of our own certificate, with its key unless `key` names one.
        key: With TLS: file of its key.
    """

    facility: str = "authpriv"
    sd_id: str = "clan@32473"
    timeout_s: float = 5.0
    settle_s: float = 1.0
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s <= 60:
            raise ConfigError("timeout is between 0 and 60 s")
        if not 0 <= self.settle_s <= 60:
            raise ConfigError("settle is between 0 and 60 s")


def check_address(address: Address) -> None:
    """Want a host and nothing behind it."""
    if not address.host or address.path.strip("/"):
        raise ConfigError(f"a {address.scheme} sink is written {address.scheme}://HOST:{_PORTS[address.scheme]}")
    if address.scheme != "syslog+tls" and address.options.keys() & {"ca", "cert", "key"}:
        raise ConfigError(f"ca, cert and key are for syslog+tls://, and this is a {address.scheme} sink")


def encoding_over(encoding: Encoding, options: Options) -> Encoding:
    """Put the record into one of RFC 5424."""
    return Syslog(encoding, facility=options.facility, sd_id=options.sd_id)


def open_transport(address: Address, options: Options, encoding: Encoding) -> SyslogTransport:
    """Make the transport."""
    return SyslogTransport(address.scheme, address.host, address.port or _PORTS[address.scheme], options)


class SyslogTransport:
    """Sends records to a syslog receiver.

    Args:
        scheme: `syslog+udp`, `syslog+tcp` or `syslog+tls`.
        host: Name or address of the receiver.
        port: Its port.
        options: Times and certificates.

    Raises:
        ConfigError: A certificate cannot be read.
    """

    inline = False

    def __init__(self, scheme: str, host: str, port: int, options: Options | None = None) -> None:
        self.options = options or Options()
        self.place = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        self.settle_s, self.max_batch = self.options.settle_s, 256
        self._datagrams, self._where = scheme == "syslog+udp", (host, port)
        self._tls = _tls(self.options) if scheme == "syslog+tls" else None
        self._socket: socket.socket | None = None

    def send(self, batch: Sequence[Record]) -> None:
        """Send records; see the module for what that means.

        Raises:
            SinkError: The receiver is away, or a record is too long for a datagram.
        """
        if self._datagrams and any(len(record.body) > _DATAGRAM for record in batch):
            raise SinkError(f"{self.place}: a record is longer than a datagram", retryable=False)
        try:
            if self._socket is None:
                self._socket = self._connected()
            else:
                self.check()
            if self._datagrams:
                for record in batch:
                    self._socket.send(record.body)
            else:
                self._socket.sendall(b"".join(b"%d %b" % (len(record.body), record.body) for record in batch))
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(f"{self.place}: {error.strerror or error}")

    def _connected(self) -> socket.socket:
        timeout = self.options.timeout_s
        if self._datagrams:
            family, kind, number, _, where = socket.getaddrinfo(*self._where, type=socket.SOCK_DGRAM)[0]
            plain = socket.socket(family, kind, number)
            plain.settimeout(timeout)
            plain.connect(where)  # so that a refusal is told to this socket
            return plain
        plain = socket.create_connection(self._where, timeout=timeout)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._tls is None:
            return plain
        try:
            return self._tls.wrap_socket(plain, server_hostname=self._where[0])
        except OSError:
            plain.close()
            raise

    def check(self) -> bool:
        """See whether the receiver hung up or refused.

        Returns:
            Whether its machine has taken all that was sent.

        Raises:
            SinkError: It hung up or refused.
        """
        if self._socket is None:
            raise SinkError(f"{self.place}: not connected")
        waiting = array.array("i", [0])
        try:
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
            if not self._datagrams:
                self._peek()
                fcntl.ioctl(self._socket, termios.TIOCOUTQ, waiting)
        except OSError as error:
            raise self._failed(error) from error
        return waiting[0] == 0

    def _peek(self) -> None:
        """Read what the receiver has to say, which is nothing, or the end."""
        assert self._socket is not None  # noqa: S101 - for the type checker; `check` has seen to it
        self._socket.settimeout(0)
        try:
            if not self._socket.recv(4096):
                raise ConnectionResetError(104, "the receiver hung up")
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self._socket.settimeout(self.options.timeout_s)

    def confirm(self) -> None:
        """End the connection and wait for the receiver to end it as well: then it has read everything.

        Raises:
            SinkError: It did not.
        """
        if self._datagrams or self._socket is None:
            return
        try:
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket = self._socket.unwrap()
            self._socket.shutdown(socket.SHUT_WR)
            while self._socket.recv(4096):
                pass
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            pass  # it closed without a farewell of its own, and had it left something unread this were a reset
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self.close()

    def reopen(self) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        found, self._socket = self._socket, None
        if found is not None:
            found.close()


def _tls(options: Options) -> ssl.SSLContext:
    """Verify certificate and name, always."""
    try:
        context = ssl.create_default_context(cafile=options.ca)
        if options.cert is not None:
            context.load_cert_chain(options.cert, options.key)
    except OSError as error:
        where = ", ".join(path for path in (options.ca, options.cert, options.key) if path is not None)
        if isinstance(error, ssl.SSLError):
            raise ConfigError(f"the certificates in {where} cannot be used: {error}") from error
        raise SourceUnavailable(f"the certificates in {where} cannot be read: {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
