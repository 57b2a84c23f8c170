"""The socket that exporters send to."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from clan.errors import ConfigError, SourceUnavailable

PORT: Final = 2055
"""Where NetFlow goes by custom."""
_BUFFER: Final = 32 << 20
"""Bytes that the kernel is asked to keep while we are busy."""
_DATAGRAM: Final = 1 << 16
_SO_RXQ_OVFL: Final = 40  # Linux; the socket module has no name for it
_FORM: Final = re.compile(r"udp://(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<four>[^:/\[\]]*))(?::(?P<port>\d{1,5}))?/?")


class Place(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"udp://{host}:{self.port}"


def parse_place(text: str) -> Place:
    """Read `udp://ADDR:PORT`; without an address this machine only, without a port 2055.

    Raises:
        ConfigError: Another form, or no address.

    Example:
        >>> parse_place("udp://:9995")
        Place(host='127.0.0.1', port=9995)
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ConfigError(f"--listen {text}: expected udp://ADDRESS:PORT, for instance udp://127.0.0.1:{PORT}")
    host = match["six"] or match["four"] or "127.0.0.1"
    port = int(match["port"] or PORT)
    if host == "localhost":
        host = "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise ConfigError(f"--listen {text}: {host!r} is no IP address of this machine") from error
    if port > 65535:
        raise ConfigError(f"--listen {text}: ports go up to 65535")
    return Place(host, port)


class Listener:
    """Takes datagrams off a UDP port.

    Args:
        place: Where to listen; port 0 takes one that is free.

    Raises:
        SourceUnavailable: The port is taken, or the address is none of this machine.
    """

    def __init__(self, place: Place) -> None:
        self.kernel_drops = 0
        """Datagrams that the kernel dropped since we were too slow."""
        self._socket = socket.socket(socket.AF_INET6 if ":" in place.host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.settimeout(0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            with suppress(OSError):  # above the system's limit, where we may
                self._socket.setsockopt(socket.SOL_SOCKET, 33, _BUFFER)  # SO_RCVBUFFORCE
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
            self._socket.bind((place.host, place.port))
        except OSError as error:
            self.close()
            raise SourceUnavailable(f"cannot listen on {place}: {error.strerror or error}") from error
        self.place = Place(place.host, self._socket.getsockname()[1])

    def fileno(self) -> int:
        """Give the descriptor, to wait on."""
        return self._socket.fileno()

    def datagrams(self, most: int) -> Iterator[tuple[bytes, str]]:
        """Yield what has come, at most so many datagrams, with the sender's address; never waits."""
        for _ in range(most):
            try:
                data, extra, _, sender = self._socket.recvmsg(_DATAGRAM, 64)
            except (BlockingIOError, InterruptedError):
                return
            for level, kind, value in extra:
                if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(value) >= 4:
                    self.kernel_drops = struct.unpack_from("=I", value)[0]
            yield data, sender[0]

    def close(self) -> None:
        """Release the port; safe to call twice."""
        self._socket.close()
