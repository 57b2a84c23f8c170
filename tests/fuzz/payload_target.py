"""What the fuzzer of the payload parsers runs: two directions of bytes to numbers, with the promises checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clan.flows.payload import VIEW, digest, new_names, new_pool, new_scratch
from clan.flows.payload.layout import FEATURES
from clan.flows.payload.pool import give_back, lend
from clan.schema import Feature

_POOL, _SCRATCH = new_pool(1), new_scratch()
_PORTS = (80, 53, 502, 2404, 44_818, 102, 443, 25)
_SHARES = {"ratio", "indicator"}


def digest_bytes(data: bytes) -> npt.NDArray[np.float64]:
    """Parse bytes as the first payload of a flow; gives the numbers, NaN = null.

    The first byte chooses protocol and port, the second whether bytes are missing at the end, the third where the
    second direction begins. What lies behind the bytes in the buffer must make no difference.
    """
    head, body = data[:3].ljust(3, b"\0"), data[3:]
    split = len(body) * head[2] // 256
    ways = body[:split][:VIEW], body[split:][:VIEW]
    rows = [_digest_once(head, ways, filler) for filler in (0, 255)]
    np.testing.assert_array_equal(rows[0], rows[1])
    for feature, value in zip(FEATURES, rows[0], strict=True):
        if not np.isnan(value):
            _check(feature, float(value))
    return rows[0]


def _digest_once(head: bytes, ways: tuple[bytes, bytes], filler: int) -> npt.NDArray[np.float64]:
    """Parse once, with this behind the bytes."""
    note = _POOL.notes[lend(0, 10**15, _POOL)]
    note.protocol = 6 if head[0] & 1 else 17
    note.ports[0], note.ports[1] = 4000, _PORTS[head[0] >> 1 & 7]
    _POOL.data[0].fill(filler)
    for way, piece in enumerate(ways):
        _POOL.data[0, way, : len(piece)] = np.frombuffer(piece, np.uint8)
        note.have[way] = len(piece)
        note.most[way] = min(len(piece) + (head[1] >> way & 1), VIEW)
        note.first[way] = len(piece)
    give_back(0, _POOL)
    with np.errstate(over="ignore"):  # hashes wrap, which compiled code does in silence
        digest(_POOL, _SCRATCH, new_names())
    return _POOL.values[0].copy()


def _check(feature: Feature, value: float) -> None:
    """Hold a value against what the schema says of it."""
    assert 0 <= value < 1e15, (feature.name, value)
    assert not feature.integer or value == int(value), (feature.name, value)
    if feature.unit in _SHARES:
        assert value <= 1, (feature.name, value)
    elif feature.unit == "bits":
        assert value <= 8, (feature.name, value)
