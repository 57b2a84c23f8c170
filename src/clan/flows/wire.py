"""Reading numbers: big-endian ones from the wire, and the little-endian ones of some file formats.

Positions are made unsigned before they index: for signed ones the compiler asks at every byte whether to count from the
end of the array, and no longer sees that the bytes beside each other are one load.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clan.flows.jit import Int, kernel


@kernel
def u16(buffer: Any, at: Int) -> Int:
    """Read two bytes; the caller has checked that they are there."""
    i = np.uint64(at)
    return np.int64((np.uint64(buffer[i]) << np.uint64(8)) | np.uint64(buffer[i + np.uint64(1)]))


@kernel
def u32(buffer: Any, at: Int) -> Int:
    """Read four bytes; the caller has checked that they are there."""
    i = np.uint64(at)
    return np.int64(
        (np.uint64(buffer[i]) << np.uint64(24))
        | (np.uint64(buffer[i + np.uint64(1)]) << np.uint64(16))
        | (np.uint64(buffer[i + np.uint64(2)]) << np.uint64(8))
        | np.uint64(buffer[i + np.uint64(3)])
    )


@kernel
def little32(buffer: Any, at: Int) -> Int:
    """Read four bytes of little-endian order; the caller has checked that they are there."""
    i = np.uint64(at)
    return np.int64(
        np.uint64(buffer[i])
        | (np.uint64(buffer[i + np.uint64(1)]) << np.uint64(8))
        | (np.uint64(buffer[i + np.uint64(2)]) << np.uint64(16))
        | (np.uint64(buffer[i + np.uint64(3)]) << np.uint64(24))
    )


@kernel
def u64(buffer: Any, at: Int) -> Any:
    """Read eight bytes as an unsigned number; the caller has checked that they are there."""
    return (np.uint64(u32(buffer, at)) << np.uint64(32)) | np.uint64(u32(buffer, at + 4))
