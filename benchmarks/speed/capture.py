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


def _frames(data: Path, *, spaced: bool) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Read every benign Ethernet capture of at most five minutes.

    Args:
        data: The test data.
        spaced: Each capture begins when the one before has ended, not at a random moment of `SPREAD_US`.

    Returns:
        The bytes of all frames, and (offset, captured, length, ts) of shape `(4, n)`, captures beginning at 0.
    """
    buffers, columns, at = [], [], 0
    with (data / "captures" / "index.csv").open() as index:
        rows = [row for row in csv.DictReader(index) if row["label"] == "benign" and row["link_type"] == "ether"]
    rng = np.random.default_rng(0)
    shift = 0
    for row in rows:
        if float(row["duration_s"] or 0) > 300:
            continue
        start, newest = None, 0
        shift = shift if spaced else int(rng.integers(SPREAD_US))
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
            newest = int(columns[-1][3].max()) if sizes.size else shift
        shift = max(shift, newest) if spaced else shift
    return np.concatenate(buffers), np.concatenate(columns, axis=1)


def build_capture(data: Path, target: Path, n_packets: int, *, spaced: bool = False) -> dict[str, float]:
    """Write a pcap of at least `n_packets` packets.

    The benign captures are merged on one time axis; copies of that mix follow, each with other addresses (the second
    octet of IPv4 addresses changes) and a random delay below 20 s, so that many flows are open together.

    Args:
        data: The test data.
        target: The file to write.
        n_packets: Packets, or some more.
        spaced: Captures and copies follow one another instead, so that few flows are open together.

    Returns:
        What the mix is: packets, bytes, copies, mean frame size.
    """
    content, (offset, captured, length, ts) = _frames(data, spaced=spaced)
    copies = -(-n_packets // offset.size)
    rng = np.random.default_rng(1)
    is_ipv4 = (captured >= 34) & (content[np.minimum(offset + 12, content.size - 1)] == 8)
    is_ipv4 &= content[np.minimum(offset + 13, content.size - 1)] == 0
    octets = np.concatenate([offset[is_ipv4] + 27, offset[is_ipv4] + 31])
    delays = np.arange(copies) * int(ts.max()) if spaced else rng.integers(20_000_000, size=copies)
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


def build_tiny_flows(target: Path, n_packets: int) -> dict[str, float]:
    """Write a pcap of UDP packets of 60 bytes between random hosts and ports, each a flow of its own, over a minute.

    Returns:
        What the mix is: packets, bytes, mean frame size.
    """
    rng = np.random.default_rng(2)
    when = np.sort(rng.integers(60_000_000, size=n_packets))
    return _write_udp(target, when, rng.integers(256, size=(n_packets, 12), dtype=np.uint8))


def build_even_flows(target: Path, n_flows: int, packets: int, *, hosts: int = 2_000) -> dict[str, float]:
    """Write a pcap of UDP flows that all have as many packets, there and back in turn, within two seconds each.

    Args:
        target: The file to write.
        n_flows: Flows, over a minute.
        packets: Packets of each.
        hosts: Hosts that speak with each other, 2 to 65,536.

    Returns:
        What the mix is: packets, bytes, mean frame size.
    """
    rng = np.random.default_rng(3)
    ends = rng.integers(hosts, size=(2, n_flows))
    ports = np.stack([rng.integers(1024, 65_536, n_flows), rng.choice([53, 123, 443, 3478, 5060], n_flows)])
    there = np.zeros((n_flows, 12), np.uint8)
    there[:, [0, 4]] = 10
    for side in range(2):
        there[:, [4 * side + 2, 4 * side + 3]] = np.stack([ends[side] >> 8, ends[side] & 255], axis=1)
        there[:, [8 + 2 * side, 9 + 2 * side]] = np.stack([ports[side] >> 8, ports[side] & 255], axis=1)
    back = there[:, [4, 5, 6, 7, 0, 1, 2, 3, 10, 11, 8, 9]]
    begin = rng.integers(60_000_000, size=n_flows)
    when = begin[:, None] + np.sort(rng.integers(2_000_000, size=(n_flows, packets)), axis=1)
    sides = np.where(np.arange(packets)[None, :, None] % 2 == 0, there[:, None], back[:, None]).reshape(-1, 12)
    order = np.argsort(when.ravel(), kind="stable")
    return _write_udp(target, when.ravel()[order], sides[order])


def _write_udp(target: Path, when: npt.NDArray[np.int64], ends: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Write UDP packets of 60 bytes, at times in us, with addresses and ports as they stand in a frame, `(n, 12)`."""
    n, size = when.size, 60
    records = np.zeros((n, 16 + size), np.uint8)
    headers = np.empty((n, 4), "<u4")
    headers[:, 0], headers[:, 1] = np.divmod(when + 1_600_000_000 * 1_000_000, 1_000_000)
    headers[:, 2:] = size
    records[:, :16] = headers.view(np.uint8).reshape(n, 16)
    frame = records[:, 16:]
    frame[:, 12:24] = np.frombuffer(bytes.fromhex("08004500002e000040004011"), np.uint8)  # IPv4, 46 bytes, UDP
    frame[:, 26:38] = ends
    frame[:, 38:40] = [0, 26]
    with target.open("wb") as out:
        out.write(np.array([0xA1B2C3D4, 0x00040002, 0, 0, 262144, 1], "<u4").tobytes())
        out.write(records.tobytes())
    return {"packets": n, "bytes": float(target.stat().st_size), "mean_frame": size}
