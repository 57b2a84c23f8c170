"""Stub servers for the attacks that need another end: `python -m lab.services.stub KIND ADDRESS PORT`.

None does anything: `command` answers a bot's question with the word `sleep`, or a list of words; `pool` hands a miner
made-up jobs; `heartbeat` answers a TLS-shaped heartbeat request with records of nothing but the letter A. No TLS is
spoken, nothing is computed, nothing is read from memory that is not made here.
"""

from __future__ import annotations

import json
import socketserver
import struct
import sys
import time

_LONGEST_S = 120.0
_HELLO = b"\x16\x03\x03\x00\x5a" + b"\x02\x00\x00\x56\x03\x03" + bytes(84)
_ANSWERS, _ANSWER_BYTES = 4, 16_384


class Command(socketserver.StreamRequestHandler):
    """Answers one HTTP request: mostly with `sleep`, for `/task` with a page of words."""

    timeout = 10

    def handle(self) -> None:
        """Read the request's head, answer, close."""
        line = self.rfile.readline(2000)
        while self.rfile.readline(2000).strip():
            pass
        body = b"word " * 700 if b"/task" in line else b"sleep"
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Pool(socketserver.BaseRequestHandler):
    """Answers a miner, and sends it a made-up job whenever it has been silent for three seconds."""

    def handle(self) -> None:
        """Answer until the miner leaves."""
        end, number = time.monotonic() + _LONGEST_S, 0
        self.request.settimeout(3)
        while time.monotonic() < end:
            try:
                if not self.request.recv(2000):
                    return
            except TimeoutError:
                number += 1
                job = {"method": "job", "params": {"job_id": number, "blob": "0" * 152, "target": "ffff0000"}}
                self.request.sendall(json.dumps(job).encode() + b"\n")
                continue
            self.request.sendall(b'{"id":1,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}\n')


class Heartbeat(socketserver.StreamRequestHandler):
    """Answers a hello with a hello, and each heartbeat request with four records of 16 KiB of the letter A."""

    timeout = 10

    def handle(self) -> None:
        """Answer records until the other side leaves."""
        while len(head := self.rfile.read(5)) == 5:
            kind, _, size = struct.unpack("!BHH", head)
            self.rfile.read(min(size, 4096))
            if kind == 0x16:
                self.wfile.write(_HELLO)
            elif kind == 0x18:
                record = struct.pack("!BHH", 0x18, 0x0303, _ANSWER_BYTES) + b"A" * _ANSWER_BYTES
                self.wfile.write(record * _ANSWERS)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    KINDS = {"command": Command, "pool": Pool, "heartbeat": Heartbeat}
    _Server((sys.argv[2], int(sys.argv[3])), KINDS[sys.argv[1]]).serve_forever()
