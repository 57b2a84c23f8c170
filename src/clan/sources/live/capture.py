"""A capture tool that runs: its pipe, its messages, and how it ends."""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from clan.errors import SourceUnavailable
from clan.sources.live.stream import PipeStream
from clan.sources.live.tool import Tool, explain, is_permission, usable_tools

PIPE_BYTES: Final = 1 << 20
START_S: Final = 30.0
STOP_S: Final = 10.0
_MESSAGES: Final = 8192  # bytes of them that are kept


class Capture:
    """A tool that captures on one interface.

    Args:
        tool: Which.
        program: Its path.
        interface: Where, checked.
        bpf: Filter expression, or None.

    Raises:
        SourceUnavailable: It could not be started, or ended before it captured.
        ConfigError: It does not understand the filter.
    """

    def __init__(self, tool: Tool, program: str, interface: str, bpf: str | None) -> None:
        self.tool, self.interface, self._bpf = tool, interface, bpf
        self.kernel_drops: int | None = None
        """Packets that the kernel dropped, as far as the tool has told; None while it has not."""
        self._messages = ""
        try:
            # A session of its own: Ctrl-C in the terminal is for clan, which then ends the tool in good order.
            self._process = subprocess.Popen(  # noqa: S603 (no shell; the interface is checked, the filter one argument)
                [program, *tool.arguments(interface, bpf)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise SourceUnavailable(f"cannot start {program}: {error.strerror or error}") from error
        out, messages = self._process.stdout, self._process.stderr
        if out is None or messages is None:
            raise AssertionError("both are pipes")
        self.out_fd, self.message_fd = out.fileno(), messages.fileno()
        for fd in (self.out_fd, self.message_fd):
            os.set_blocking(fd, False)
        with suppress(OSError):  # more room is better, but not to be had everywhere
            fcntl.fcntl(self.out_fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.stream = PipeStream(self.out_fd, interface)
        self._await_header()

    def _await_header(self) -> None:
        """Wait until the tool has opened the interface, which it says by writing the file header."""
        deadline = time.monotonic() + START_S
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.out_fd, selectors.EVENT_READ)
            while not self.stream.has_header() and time.monotonic() < deadline:
                waiting.select(0.25)
        if self.stream.has_header() and not self.stream.ended:
            return
        self.kill()
        raise explain(self.tool, self.interface, self._bpf, self._messages)

    def hear(self) -> None:
        """Take what the tool has said, and the drops from it."""
        with suppress(BlockingIOError):
            while said := os.read(self.message_fd, 1 << 16):
                self._messages = (self._messages + said.decode(errors="replace"))[-_MESSAGES:]
        found = self.tool.drops.findall(self._messages)
        if found:
            self.kernel_drops = int(found[-1])

    def ask(self) -> None:
        """Ask the tool for its counters, if it answers; `hear` brings them."""
        if self.tool.tells_on_signal and self._process.poll() is None and self._catches(signal.SIGUSR1):
            with suppress(OSError):
                self._process.send_signal(signal.SIGUSR1)

    def _catches(self, number: int) -> bool:
        """Tell whether the tool handles a signal that would otherwise end it."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            mask = int(status.split("SigCgt:")[1].split()[0], 16)
        except (OSError, IndexError, ValueError):
            return False
        return bool(mask >> (number - 1) & 1)

    def stop(self) -> None:
        """Ask the tool to end; what it has captured is still to be read from the pipe."""
        with suppress(OSError):
            self._process.send_signal(signal.SIGINT)

    def force(self) -> None:
        """End a tool that does not end when asked; what is in the pipe can still be read."""
        self._process.kill()

    def failure(self) -> str | None:
        """Say why the tool ended although nobody asked it to; None when it ended well. Call it once the pipe ended."""
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            return f"{self.tool.name} closed its output but goes on"
        self.hear()
        return None if code == 0 else str(explain(self.tool, self.interface, None, self._messages))

    def kill(self) -> None:
        """End the tool at once and release the pipes; safe to call twice."""
        if self._process.stderr is None or self._process.stderr.closed:
            return
        if self._process.poll() is None and not self.stream.ended:
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self.hear()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def start_capture(interface: str, *, bpf: str | None, tool: str | None) -> Capture:
    """Start the first tool that may capture.

    Raises:
        SourceUnavailable: None may; the reason of the first is given.
        ConfigError: The filter is not understood.
    """
    first: SourceUnavailable | None = None
    for candidate, program in usable_tools(tool, bpf):
        try:
            return Capture(candidate, program, interface, bpf)
        except SourceUnavailable as error:
            if not is_permission(str(error)):
                raise
            first = first or error
    if first is None:
        raise AssertionError("there is one tool at least")
    raise first
