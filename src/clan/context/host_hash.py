"""Addresses as 128-bit numbers that nobody outside can foresee."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.flows.jit import kernel


class HostHash:
    """A keyed 128-bit hash of texts: two hosts of a million share one with a chance of about 10^-27.

    Args:
        seed: The secret; without it nobody can aim for collisions.
    """

    def __init__(self, seed: int) -> None:
        words = np.random.default_rng(seed).integers(1, 1 << 63, 4, dtype=np.uint64)
        self._secret = words | np.uint64(1)

    def __call__(self, addresses: pl.Series) -> npt.NDArray[np.uint64]:
        """Hash texts, null as the empty one; shape `(n, 2)`."""
        texts = addresses.fill_null("")
        data = np.frombuffer(texts.str.join("").item().encode(), np.uint8)
        ends = texts.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
        out = np.empty((len(texts), 2), np.uint64)
        hash_texts(data, ends, self._secret, out)
        return out


@kernel
def hash_texts(data: Any, ends: Any, secret: Any, out: Any) -> None:
    """Mix the bytes of each text with the secret, in two lanes that differ in their multipliers."""
    at = 0
    for i in range(ends.size):
        one, other = secret[0], secret[2]
        while at < ends[i]:
            byte = np.uint64(data[at])
            one = (one ^ byte) * secret[1]
            one ^= one >> np.uint64(32)
            other = (other ^ byte) * secret[3]
            other ^= other >> np.uint64(29)
            at += 1
        out[i, 0] = one * np.uint64(0x9E3779B97F4A7C15)
        out[i, 1] = other * np.uint64(0xC2B2AE3D27D4EB4F)
