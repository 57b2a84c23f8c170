"""The toy application: a login that one password opens and a search that says what was searched; it stores nothing.

Run as `python -m lab.services.application PORT`; it listens on loopback only, nginx stands before it. It has no
database, so that nothing it is asked can do anything.
"""

from __future__ import annotations

import html
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASSWORD = "correct-horse"  # noqa: S105  (of a toy that guards nothing)
_LARGEST_BODY = 65_536


class Application(BaseHTTPRequestHandler):
    """`/app/login` and `/app/search`."""

    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        """Answer a search."""
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        text = html.escape(query.get("q", [""])[0][:200])
        rows = "".join(f"<li>result {number} for {text}</li>" for number in range(len(text) % 12))
        self._answer(200, f"<html><body><h1>Search</h1><p>{text}</p><ul>{rows}</ul></body></html>")

    def do_POST(self) -> None:
        """Answer a login."""
        size = min(int(self.headers.get("Content-Length", "0") or 0), _LARGEST_BODY)
        fields = urllib.parse.parse_qs(self.rfile.read(size).decode("utf-8", errors="replace"))
        if fields.get("password") == [PASSWORD]:
            self._answer(302, "", location="/app/search?q=home")
        else:
            self._answer(200, "<html><body><p>Login failed</p></body></html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Keep quiet."""

    def _answer(self, status: int, text: str, *, location: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Application).serve_forever()
