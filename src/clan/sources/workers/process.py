"""One reading process, as the one that started it sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from clan.errors import SourceError

_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from clan.sources.workers.child import main; main()"
)
"""The process finds its modules where we found ours, whatever a script did to the search path."""


class Worker:
    """A process that reads streams, one after the other.

    It is started anew rather than forked (no locks and threads of ours go with it), and in a session of its own: Ctrl-C
    in a terminal is for us, and we end it.

    Args:
        folder: Where it keeps flows until they are taken.
        allowance: Bytes that may wait there.
        threads: Threads that it may use.

    Raises:
        SourceError: It cannot be started.
    """

    def __init__(self, folder: Path, *, allowance: int, threads: int) -> None:
        folder.mkdir()
        arguments = [json.dumps(sys.path), str(folder), str(allowance), str(os.getpid())]
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and code)
                [sys.executable, "-P", "-c", _BOOT, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                env={"POLARS_MAX_THREADS": str(threads), **os.environ},
            )
        except OSError as error:
            raise SourceError(f"cannot start a process that reads: {error.strerror or error}") from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def read(self, task: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> bool:
        """Let it read a stream, and hear its replies until the account at the end; False when it died over it."""
        requests, replies = self._process.stdin, self._process.stdout
        if requests is None or replies is None:
            raise AssertionError("both are pipes")
        try:
            requests.write(json.dumps(task).encode() + b"\n")
            requests.flush()
            for line in replies:
                if not line.endswith(b"\n"):
                    return False
                reply = json.loads(line)
                hear(reply)
                if "counts" in reply:
                    return True
        except (OSError, ValueError):  # ValueError: we closed the pipe while it was read
            return False
        return False

    def dismiss(self) -> None:
        """Tell it that there is nothing more to read."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def fate(self) -> str:
        """Say how it ended, in words."""
        code = self._process.wait()
        if code >= 0:
            return f"ended with code {code}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"was ended by {name}" + (" (out of memory?)" if -code == signal.SIGKILL else "")

    def kill(self) -> None:
        """End it at once; safe to call twice."""
        self._process.kill()
        self._process.wait()

    def release(self) -> None:
        """Close the pipes, once nobody uses them any more."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
