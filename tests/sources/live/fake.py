"""A fake capture tool in the place of the real ones, and a small capture for it to play."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.flows import build
from tests.sources.packets.capture import conversation

from clan.sources.live import tool as tools
from clan.sources.live.tool import Tool

FAKE = Path(__file__).with_name("fake_tool.py")


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A capture of 2,001 flows."""
    path = tmp_path / "recorded.pcap"
    path.write_bytes(build.pcap(conversation(2000)))
    return path


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, recorded: Path) -> Callable[..., None]:
    """Makes tools of these modes the only ones that there are."""

    def put(*modes: str, capture: Path = recorded) -> None:
        fakes = {
            mode: Tool(
                name=mode,
                program=sys.executable,
                arguments=lambda _i, _f, mode=mode: [str(FAKE), mode, str(capture)],  # type: ignore[misc]
                drops=re.compile(r"(\d+) packets dropped by kernel"),
            )
            for mode in modes
        }
        monkeypatch.setattr(tools, "TOOLS", fakes)

    return put
