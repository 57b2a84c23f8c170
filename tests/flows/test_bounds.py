"""The kernels stay inside their arrays: the tests above again, compiled with bounds checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LEFT_OUT = {"test_bounds.py", "test_against_reference.py"}


@pytest.mark.slow
def test_kernels_under_bounds_checks() -> None:
    """An index outside an array raises there, instead of reading what lies beside it."""
    tests = [str(path) for path in sorted(HERE.glob("test_*.py")) if path.name not in LEFT_OUT]
    tests += [str(HERE.parent / "fuzz"), str(HERE.parent / "golden")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1"},
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.slow
def test_bounds_checks_are_on_when_asked_for() -> None:
    """Otherwise the test above would prove nothing."""
    code = (
        "import numpy as np; from clan.flows.wire import u16\n"
        "try: print(u16(np.zeros(1, np.uint8), 0))\n"
        "except IndexError: print('caught')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "caught"
