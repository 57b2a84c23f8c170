"""Versions of everything that takes part in a recording."""

from __future__ import annotations

import os
import subprocess

from lab.services import PROGRAMS


def versions() -> dict[str, str]:
    """Debian package to version, and the kernel's."""
    packages = sorted({*PROGRAMS.values(), "postgresql"})
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    found = dict(line.split() for line in lines if " " in line.strip())
    return {"kernel": os.uname().release.split("-")[0]} | found
