"""Send the frames of a pcap file on an interface, so many a second: `send.py INTERFACE FILE RATE`."""

from __future__ import annotations

import socket
import struct
import sys
import time
from pathlib import Path


def main() -> None:
    interface, path, rate = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    data, at = path.read_bytes(), 24
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sending:
        sending.bind((interface, 0))
        start, sent = time.monotonic(), 0
        while at < len(data):
            size = struct.unpack_from("<I", data, at + 8)[0]
            sending.send(data[at + 16 : at + 16 + size])
            at += 16 + size
            sent += 1
            ahead = sent / rate - (time.monotonic() - start)
            if ahead > 0.001:
                time.sleep(ahead)


if __name__ == "__main__":
    main()
