"""Real receivers on loopback that tests start, stop and start again."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.alerts.delivery.fakes import until


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port that nobody listens on."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str) -> str:
    """Path of a program; skips without it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return found


_RSYSLOG = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imudp") module(load="imtcp")
template(name="all" type="list" option.jsonf="on") {{
  property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
}}
ruleset(name="r") {{ action(type="omfile" file="{out}" template="all" asyncWriting="off" flushOnTXEnd="on") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="r")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="r")
"""


class Rsyslog:
    """Debian's rsyslog with a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        self._program = program("rsyslogd", "rsyslog")
        self.udp, self.tcp = free_port(socket.SOCK_DGRAM), free_port()
        self.out, self._conf, self._pid = folder / "out", folder / "rsyslog.conf", folder / "pid"
        self._conf.write_text(_RSYSLOG.format(folder=folder, out=self.out, udp=self.udp, tcp=self.tcp))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        self._pid.unlink(missing_ok=True)
        command = [self._program, "-n", "-f", str(self._conf), "-i", str(self._pid)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._listens, "rsyslog")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "rsyslogd ended at once"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.tcp)) == 0

    def stop(self, *, kill: bool = False) -> None:
        """Stop, in good order or not."""
        found, self._process = self._process, None
        if found is not None:
            found.kill() if kill else found.terminate()
            found.wait()

    def records(self) -> list[dict[str, str]]:
        """What it wrote: each record in its parts."""
        text = self.out.read_text() if self.out.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


class RedisServer:
    """Debian's Redis, which appends to a file so that what it took survives a stop."""

    def __init__(self, folder: Path) -> None:
        self._program = program("redis-server", "redis-server")
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always"]
        command = [self._program, *options, "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._answers, "Redis")

    def _answers(self) -> bool:
        import redis

        client = self.client()
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
            return False
        finally:
            client.close()

    def client(self) -> Any:
        """A connection to it."""
        import redis

        return redis.Redis(host="127.0.0.1", port=self.port)

    def stop(self, *, kill: bool = False) -> None:
        """Stop, in good order or not."""
        found, self._process = self._process, None
        if found is not None:
            found.kill() if kill else found.terminate()
            found.wait()


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate for a name or address that signs itself, and its key."""
    openssl = program("openssl", "openssl")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = "IP" if name[0].isdigit() else "DNS"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


class Hook:
    """An HTTP or HTTPS server that remembers what was posted and answers as it is told."""

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self.port, self.tls = free_port(), tls
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []  # one for each request; 200 once they are used up
        self.connections: list[socket.socket] = []
        self._server: http.server.ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Start."""
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.answers.pop(0) if hook.answers else 200
                if 200 <= status < 300:
                    hook.requests.append((self.path, dict(self.headers.items()), body))
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"http://127.0.0.1:{hook.port}/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def process_request(self, request: Any, client_address: Any) -> None:
                hook.connections.append(request)
                super().process_request(request, client_address)

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        if self.tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        found, self._server = self._server, None
        if found is not None:
            found.shutdown()
            found.server_close()
            for connection in self.connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.connections.clear()


@contextmanager
def running(receiver: Any) -> Iterator[Any]:
    """Start a receiver, and stop it at the end."""
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
