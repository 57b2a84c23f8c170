"""`clan doctor`: is everything here that clan needs, and does it work."""

from __future__ import annotations

import platform
import shutil
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from clan._version import __version__
from clan.cli.console import write_json
from clan.cli.options import Json
from clan.counted import counted

OK, MISSING, FAILED = "ok", "missing", "failed"
_LIBRARIES = ("numpy", "numba", "polars", "scikit-learn", "safetensors", "zstandard")


def command(json: Json = False) -> None:
    """Check the installation: libraries, compiled kernels, training, capture tools."""
    found = list(_checks())
    if json:
        write_json([{"check": name, "state": state, "detail": detail} for name, state, detail in found])
    else:
        width = max(len(name) for name, _, _ in found)
        sys.stdout.writelines(f"{state:8} {name:{width}}  {detail}\n" for name, state, detail in found)
    if any(state == FAILED for _, state, _ in found):
        raise typer.Exit(1)


def _checks() -> Iterator[tuple[str, str, str]]:
    """Yield name, state and detail of each check."""
    yield "clan", OK, f"{__version__} on Python {platform.python_version()}, {platform.machine()}"
    for library in _LIBRARIES:
        yield _library(library, FAILED, "pip install --force-reinstall clan-ids")
    yield _guarded("packet kernels", _kernels)
    yield _guarded("training", _training)
    for tool in ("dumpcap", "tcpdump"):
        path = shutil.which(tool)
        yield tool, OK if path else MISSING, path or "for live capture (-i); without it clan opens the interface itself"


def _library(name: str, otherwise: str, advice: str) -> tuple[str, str, str]:
    try:
        return name, OK, version(name)
    except PackageNotFoundError:
        return name, otherwise, advice


def _guarded(name: str, check: Callable[[], tuple[str, str]]) -> tuple[str, str, str]:
    """Run a check; whatever goes wrong in it is its result."""
    try:
        return name, *check()
    except Exception as error:  # a doctor must survive its patients
        return name, FAILED, f"{type(error).__name__}: {error}"


def _kernels() -> tuple[str, str]:
    """Turn a capture of one packet into a flow."""
    from clan.sources import read_flows

    ip = bytes.fromhex("4500001c000000004011000001020304050607080035003500080000")
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder, "one.pcap")
        capture.write_bytes(header + struct.pack("<IIII", 1, 0, len(ip), len(ip)) + ip)
        flows = read_flows(capture)
    if flows["src_ip"].to_list() != ["1.2.3.4"]:
        return FAILED, f"one packet gave {counted(flows.height, 'flow')}"
    return OK, f"a capture was read in {time.perf_counter() - start:.1f} s (the first time includes compiling)"


def _training() -> tuple[str, str]:
    """Look for torch and what it can use."""
    _, state, found = _library("torch", MISSING, "")
    if state == MISSING:
        return MISSING, "torch is not installed: detection works, training needs pip install 'clan-ids[train]'"
    from clan.train.hardware import pick_device, pick_dtype

    device = pick_device("auto")
    return OK, f"torch {found} on {device}, training in {str(pick_dtype('auto', device)).removeprefix('torch.')}"
