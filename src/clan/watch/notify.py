"""What systemd is told: that clan is ready, alive, reloading or ending (`Type=notify`, sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping

from clan.alerts.text import visible


class Notifier:
    """Tells the service manager that started clan; where none did, nothing happens.

    Args:
        environment: Where `NOTIFY_SOCKET` stands. It is taken out, so that no program that clan starts finds it.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        place = environment.pop("NOTIFY_SOCKET", "")
        # "@" begins an abstract name, which has a zero byte there
        self._place = ("\0" + place[1:] if place.startswith("@") else place) if place[:1] in ("@", "/") else ""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if self._place else None
        if self._socket is not None:
            self._socket.settimeout(0)

    def ready(self) -> None:
        """Say that flows are scored from now on."""
        self._send("READY=1")

    def alive(self, status: str) -> None:
        """Say that all is well, and in one line how it goes."""
        self._send(f"WATCHDOG=1\nSTATUS={visible(status, limit=200)}")

    def reloading(self) -> None:
        """Say that settings are read anew; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that it ends."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(text.encode(), self._place)
        except OSError:
            return  # a manager that does not listen is no reason to stop watching

    def close(self) -> None:
        """Release the socket; safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
