"""A big capture for the speed benchmarks, built from the small ones of the test data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from clan.errors import SourceError
from clan.sources.packets import PacketReader
from clan.sources.packets.bytestream import ByteStream

SPREAD_US = 60_000_000
"""The captures are laid over each other: each begins at a random moment of this span."""


def _frames(data: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Read every benign Ethernet capture of at most five minutes.

    Returns:
        The bytes of all frames, and (offset, captured, length, ts) of shape `(4, n)`, captures beginning at 0.
    """
    buffers, columns, at = [], [], 0
    with (data / "captures" / "index.csv").open() as index:
        rows = [row for row in csv.DictReader(index) if row["label"] == "benign" and row["link_type"] == "ether"]
    rng = np.random.default_rng(0)
    for row in rows:
        if float(row["duration_s"] or 0) > 300:
            continue
        start = None
        shift = rng.integers(SPREAD_US)
        try:
            reader = PacketReader(ByteStream(str(data / "captures" / row["file"])))
        except SourceError:
            continue
        for packets in reader.chunks():
            start = packets.ts.min() if start is None else start
            keep = packets.link_type == 1
            sizes, offsets = packets.captured[keep], packets.offset[keep]
            take = np.concatenate([np.arange(o, o + s) for o, s in zip(offsets, sizes, strict=True)])
            buffers.append(packets.buffer[take])
            new = at + np.cumsum(sizes) - sizes
            columns.append(np.stack([new, sizes, packets.length[keep], packets.ts[keep] - start + shift]))
            at += int(sizes.sum())
    return np.concatenate(buffers), np.concatenate(columns, axis=1)


def build_capture(data: Path, target: Path, n_packets: int) -> dict[str, float]:
    """Write a pcap of at least `n_packets` packets.

    The benign captures are merged on one time axis; copies of that mix follow, each with other addresses (the second
    octet of IPv4 addresses changes) and a random delay below 20 s, so that many flows are open together.

    Returns:
        What the mix is: packets, bytes, copies, mean frame size.
    """
    content, (offset, captured, length, ts) = _frames(data)
    copies = -(-n_packets // offset.size)
    rng = np.random.default_rng(1)
    is_ipv4 = (captured >= 34) & (content[np.minimum(offset + 12, content.size - 1)] == 8)
    is_ipv4 &= content[np.minimum(offset + 13, content.size - 1)] == 0
    octets = np.concatenate([offset[is_ipv4] + 27, offset[is_ipv4] + 31])
    delays = rng.integers(20_000_000, size=copies)
    when = (ts[None, :] + delays[:, None]).ravel()
    order = np.argsort(when, kind="stable")
    which, frame = np.divmod(order, offset.size)
    variants = []
    for copy in range(copies):
        variant = content.copy()
        variant[octets] ^= np.uint8(copy % 256)
        variants.append(variant)
    base = 1_600_000_000 * 1_000_000
    headers = np.empty((order.size, 4), "<u4")
    headers[:, 0], headers[:, 1] = np.divmod(when[order] + base, 1_000_000)
    headers[:, 2], headers[:, 3] = captured[frame], length[frame]
    with target.open("wb") as out:
        out.write(np.array([0xA1B2C3D4, 0x00040002, 0, 0, 262144, 1], "<u4").tobytes())
        for first in range(0, order.size, 20_000):
            pieces = []
            for i in range(first, min(first + 20_000, order.size)):
                f = frame[i]
                pieces += [headers[i].tobytes(), variants[which[i]][offset[f] : offset[f] + captured[f]].tobytes()]
            out.write(b"".join(pieces))
    return {
        "packets": order.size,
        "copies": copies,
        "bytes": float(target.stat().st_size),
        "mean_frame": float(captured.mean()),
    }
