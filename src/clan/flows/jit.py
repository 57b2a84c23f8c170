"""The one decorator for compiled code, with a cache that cannot go stale.

numba keys its on-disk cache on the file of the decorated function alone: a kernel that calls a function of another
file keeps running the old callee after that file has changed. For a tool that promises the same flows for the same
packets this is not acceptable, so the cache folder is named after a digest of every file of the room, of the numba
version and of the flags that change the code.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np

Int: TypeAlias = Any
"""An integer of compiled code: int64 there; a NumPy or Python integer when the kernels run interpreted."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _cache_dir() -> Path | None:
    """Make the folder for compiled code in `$NUMBA_CACHE_DIR`, else in the user's cache folder.

    Returns:
        The folder, or None where nothing can be written; numba must then not look for a place itself, since it would
        choose one whose name does not say what the code was made of.
    """
    digest = hashlib.sha256(
        f"{numba.__version__} {os.environ.get('NUMBA_BOUNDSCHECK')} {os.environ.get('NUMBA_OPT')}".encode()
    )
    source_root = Path(__file__).parent.parent
    compiled = (
        "flows/**/*.py",
        "context/*.py",
        "sources/packets/*.py",
        "sources/netflow/template.py",
        "sources/records/json_*.py",
    )
    for path in sorted(path for pattern in compiled for path in source_root.glob(pattern)):
        digest.update(path.name.encode() + path.read_bytes())
    try:
        root = os.environ.get("NUMBA_CACHE_DIR") or Path(
            os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser(), "clan"
        )
        folder = Path(root, f"kernels-{digest.hexdigest()[:16]}")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):  # read-only, or a user without a home
        return None


_CACHE_DIR = _cache_dir()


def kernel(function: _Function) -> _Function:
    """Compile a function on first use, without the interpreter lock, and keep the machine code on disk.

    Division follows NumPy (no exception on zero), so every division here is guarded where it stands. No fast-math:
    the same packets must give the same bits on every machine. No reference counting either (`_nrt`): kernels allocate
    nothing, and counting references to the arrays that they pass around took two thirds of their time. All are inlined
    (`forceinline`): left to itself the compiler hands arrays from layer to layer through memory, and decoding takes
    more than twice as long.
    """
    config: Any = numba.config
    compile_: Any = numba.njit
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_CACHE_DIR or before)
    try:
        return compile_(cache=_CACHE_DIR is not None, nogil=True, error_model="numpy", _nrt=False, forceinline=True)(
            function
        )
    finally:
        config.CACHE_DIR = before


def record_type(fields: list[Any]) -> np.dtype[Any]:
    """Make an aligned record type whose fields are attributes, compiled or interpreted (`NUMBA_DISABLE_JIT`)."""
    return np.dtype((np.record, np.dtype(fields, align=True)))


def compiled_before() -> bool:
    """Tell whether an earlier run left compiled kernels, so that the first use will be quick."""
    return _CACHE_DIR is not None and any(_CACHE_DIR.rglob("*.nbi"))
