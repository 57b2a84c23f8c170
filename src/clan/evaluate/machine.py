"""On what a figure was measured: commit, versions, processor."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from clan._version import __version__

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "polars", "torch", "pyod")


@cache
def provenance() -> dict[str, str]:
    """Give what a result must carry to be believed: `clan_version`, `commit`, `machine`, `libraries` (JSON)."""
    return {
        "clan_version": __version__,
        "commit": _commit(),
        "machine": f"{_processor()}, {_cores()} cores, Python {platform.python_version()}",
        "libraries": json.dumps({name: version for name in _LIBRARIES if (version := _version(name))}),
    }


def _commit() -> str:
    """Name the commit of a checkout, with -dirty where files differ from it; empty for an installed package.

    Kept results do not count: a benchmark that goes on from them has changed them.
    """
    git, folder = shutil.which("git"), Path(__file__).parent
    if git is None:
        return ""

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([git, "-C", str(folder), *words], capture_output=True, text=True, check=False)  # noqa: S603 - fixed words

    named = ask("describe", "--always", "--exclude", "*")
    if named.returncode:
        return ""
    changed = ask("diff", "--quiet", "HEAD", "--", ":(top)", ":(top,exclude)benchmarks/results").returncode
    return named.stdout.strip() + ("-dirty" if changed else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine() or "unknown processor")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
