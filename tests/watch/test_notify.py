"""systemd hears what it has to, and nobody else does."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.watch.snapshots import EVIL

from clan.watch import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_what_systemd_hears(tmp_path: Path, abstract: bool) -> None:
    place = f"@clan-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": place, "OTHER": "x"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + place[1:] if abstract else place)
        manager.settimeout(10)
        notifier = Notifier(environment)
        assert environment == {"OTHER": "x"}
        notifier.ready()
        assert manager.recv(4096) == b"READY=1"
        notifier.alive(f"12 flows {EVIL}")
        heard = manager.recv(4096).decode()
        assert heard.startswith("WATCHDOG=1\nSTATUS=12 flows \\x1b[2J")
        assert heard.count("\n") == 1
        notifier.reloading()
        assert manager.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        notifier.stopping()
        assert manager.recv(4096) == b"STOPPING=1"
        notifier.close()
        notifier.close()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/x"}])
def test_without_a_manager_nothing_happens(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    notifier.ready()
    notifier.close()
