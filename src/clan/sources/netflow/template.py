"""Templates: where in a record each element stands, and the numbers of many records at once.

A record of fixed length is read through strided views. One with fields of variable length is first brought into a
fixed length by a compiled walk that copies the fields that are of use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clan.flows import Int, kernel
from clan.sources.netflow.element import name_of

VARIABLE: Final = 65535
"""Length of a field whose length stands in the record itself (RFC 7011 section 7)."""
MAX_FIELDS: Final = 512
MAX_LENGTH: Final = 65535
"""Bytes of a record; none can be longer than a datagram."""

Bytes = NDArray[np.uint8]
Unsigned = NDArray[np.uint64]


class Place(NamedTuple):
    """Where a field stands in a record of fixed length."""

    at: int
    length: int


class FieldSpec(NamedTuple):
    """A field as an exporter announces it."""

    number: int
    enterprise: int
    length: int


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """How the records of one template are read.

    Attributes:
        length: Bytes of a record; of the brought-together one where there are fields of variable length.
        places: Our element names, and where they stand in it.
        walk: Lengths of the fields as they come, and where each goes in the brought-together record (-1: nowhere); None
            for a record of fixed length. Shape `(2, n_fields)`.
        options: Whether the records tell about the exporter rather than about flows.
    """

    length: int
    places: dict[str, Place]
    walk: NDArray[np.int64] | None
    options: bool

    @property
    def least(self) -> int:
        """Give the bytes of the shortest record."""
        if self.walk is None:
            return self.length
        lengths = self.walk[0]
        return int(np.where(lengths == VARIABLE, 1, lengths).sum())

    def fixed(self, data: bytes) -> bytes:
        """Bring the records of a set into the fixed length; what is left behind the last whole one is padding."""
        if self.walk is None:
            return data[: len(data) // self.length * self.length]
        source = np.frombuffer(data, np.uint8)
        out = np.zeros((len(data) // self.least, self.length), np.uint8)
        n = bring_together(source, self.walk, out)
        return out[:n].tobytes()

    def numbers(self, data: bytes) -> dict[str, Unsigned]:
        """Read every element of records of the fixed length.

        Returns:
            uint64 of shape `(n,)` by name; of addresses of version 6 `(n, 2)`, high and low half.
        """
        block = np.frombuffer(data, np.uint8).reshape(-1, self.length)
        return {name: _number(block[:, place.at : place.at + place.length]) for name, place in self.places.items()}


def make_template(specs: Sequence[FieldSpec], *, options: bool) -> Template | None:
    """Make a template from its fields; None where no record can be of this kind (no field, no length, too long)."""
    least = sum(1 if spec.length == VARIABLE else spec.length for spec in specs)
    if not 0 < len(specs) <= MAX_FIELDS or not 0 < least <= MAX_LENGTH:
        return None
    varies = any(spec.length == VARIABLE for spec in specs)
    best: dict[str, tuple[int, int]] = {}  # rank, position of the field
    for i, spec in enumerate(specs):
        found = name_of(spec.number, spec.enterprise, spec.length)
        if found is not None and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = found[1], i
    starts = np.cumsum([0, *(spec.length for spec in specs)])
    if not varies:
        places = {name: Place(int(starts[i]), specs[i].length) for name, (_, i) in best.items()}
        return Template(least, places, None, options)
    walk = np.array([[spec.length for spec in specs], [-1] * len(specs)], np.int64)
    places, at = {}, 0
    for name, (_, i) in best.items():
        places[name] = Place(at, specs[i].length)
        walk[1, i] = at
        at += specs[i].length
    return Template(max(at, 1), places, walk, options)


def _number(block: Bytes) -> Unsigned:
    """Read big-endian numbers of 1 to 8 bytes, shape `(n, length)`; of 16 bytes as two halves."""
    if block.shape[1] == 16:
        return np.ascontiguousarray(block).view(">u8").astype(np.uint64)
    wide = np.zeros((len(block), 8), np.uint8)
    wide[:, 8 - block.shape[1] :] = block
    return wide.view(">u8").ravel().astype(np.uint64)


@kernel
def bring_together(source: Any, walk: Any, out: Any) -> Int:
    """Copy the fields of use of records with fields of variable length; gives the whole records.

    Args:
        source: uint8, the records and padding.
        walk: As `Template.walk`.
        out: uint8 of shape `(n, length)`, room for as many as there can be.
    """
    at = 0
    n = 0
    while n < out.shape[0]:
        for i in range(walk.shape[1]):
            length = walk[0, i]
            if length == VARIABLE:
                if at >= source.size:
                    return n
                length = np.int64(source[at])
                at += 1
                if length == 255:
                    if at + 2 > source.size:
                        return n
                    length = (np.int64(source[at]) << 8) | np.int64(source[at + 1])
                    at += 2
            if at + length > source.size:
                return n
            to = walk[1, i]
            if to >= 0:
                for j in range(length):
                    out[n, to + j] = source[at + j]
            at += length
        n += 1
    return n
