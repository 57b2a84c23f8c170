"""A capture tool that captures nothing: `fake_tool.py MODE FILE`, writes the file to standard output in its own way.

Modes: `pieces` cuts records in two and pauses, `burst` writes all at once, `dies` fails half way, `quits` ends well by
itself, `deaf` ignores SIGINT; the others fail at once with the message of a real tool.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

MESSAGES = {
    "denied": "fake: eth0: You don't have permission to capture on that device\n(socket: Operation not permitted)\n",
    "bad-filter": "fake: listening on x\nfake: can't parse filter expression: syntax error\n",
    "no-device": "fake: eth0: No such device exists\n",
    "silent": "",
}


def write(data: bytes, size: int, pause_s: float) -> None:
    """Write in pieces of a size that fits no record."""
    for at in range(0, len(data), size):
        piece = memoryview(data)[at : at + size]
        while piece:
            piece = piece[os.write(1, piece) :]
        time.sleep(pause_s)


def main() -> int:
    mode, path = sys.argv[1], Path(sys.argv[2])
    if mode in MESSAGES:
        sys.stderr.write(MESSAGES[mode])
        return 1
    asked: list[int] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN if mode == "deaf" else lambda number, _: asked.append(number))
    data = path.read_bytes()
    if mode == "pieces":
        write(data[:10], 10, 0.05)  # not even the file header comes in one piece
        write(data[10:-50], 19_997, 0.001)
    elif mode == "dies":
        write(data[: len(data) // 2], 1 << 16, 0)
        sys.stderr.write("fake: pcap_loop: The interface disappeared\n")
        return 1
    else:
        write(data, 1 << 16, 0)
    while not asked and mode != "quits":
        time.sleep(0.01)
    if mode == "pieces":  # what it still had when it was asked to end
        write(data[-50:], 50, 0)
    sys.stderr.write("1 packets captured\n7 packets dropped by kernel\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
