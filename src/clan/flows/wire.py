"""Reading numbers: big-endian ones from the wire, and the little-endian ones of some file formats."""

from __future__ import annotations

from typing import Any

import numpy as np

from clan.flows.jit import Int, kernel


@kernel
def u16(buffer: Any, at: Int) -> Int:
    """Read two bytes; the caller has checked that they are there."""
    return (np.int64(buffer[at]) << 8) | np.int64(buffer[at + 1])


@kernel
def u32(buffer: Any, at: Int) -> Int:
    """Read four bytes; the caller has checked that they are there."""
    return (
        (np.int64(buffer[at]) << 24)
        | (np.int64(buffer[at + 1]) << 16)
        | (np.int64(buffer[at + 2]) << 8)
        | np.int64(buffer[at + 3])
    )


@kernel
def little32(buffer: Any, at: Int) -> Int:
    """Read four bytes of little-endian order; the caller has checked that they are there."""
    return (
        np.int64(buffer[at])
        | (np.int64(buffer[at + 1]) << 8)
        | (np.int64(buffer[at + 2]) << 16)
        | (np.int64(buffer[at + 3]) << 24)
    )


@kernel
def u64(buffer: Any, at: Int) -> Any:
    """Read eight bytes as an unsigned number; the caller has checked that they are there."""
    return (np.uint64(u32(buffer, at)) << np.uint64(32)) | np.uint64(u32(buffer, at + 4))
