"""The recorder refuses every address that is not one of its own hosts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[2] / "samples" / "network.py"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples_network", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "samples_network", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "argument",
    ["10.77.0.99", "http://192.0.2.1/x", "10.77.0.0/24", "10.77.0.10/24", "8.8.8.8:53", "server 198.51.100.7 iburst"],
)
def test_foreign_address_or_range_is_refused(network: ModuleType, argument: str) -> None:
    with pytest.raises(network.ConfinementError, match="no host of this network"):
        network.check_targets(["nmap", "-sS", argument])


def test_own_hosts_are_accepted(network: ModuleType) -> None:
    web = network.WEB
    assert network.Network().command(web, ["curl", f"http://{web.address}/page/1.html"])[:4] == [
        "ip", "netns", "exec", web.namespace,
    ]  # fmt: skip


def test_addresses_are_private_and_unique(network: ModuleType) -> None:
    assert len(network.ADDRESSES) == len(network.HOSTS) == 9
    assert all(address.startswith("10.77.0.") for address in network.ADDRESSES)
