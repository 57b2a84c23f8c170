"""What a reading process does: streams in as lines of JSON, flows out as Arrow files, an account of each at its end.

Nothing is pickled, and the program that started the reading is not run a second time, as `multiprocessing` would.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl

from clan.errors import ClanError, SinkError
from clan.flows import FlowSettings
from clan.sources.base import Source
from clan.sources.formats import FORMATS

LOOK_EVERY_S: Final = 0.02
"""How often a process that is too far ahead looks whether it may go on."""
PARENT_EVERY_S: Final = 1.0
"""How often a process looks whether somebody still wants what it does."""

Reply = Callable[[dict[str, Any]], None]


class Spool:
    """Where batches wait to be taken; the taker deletes them.

    Args:
        folder: A folder that is this process's own.
        allowance: Bytes that may wait; a process that is so far ahead pauses.
    """

    def __init__(self, folder: Path, allowance: int) -> None:
        self._folder, self._allowance = folder, allowance
        self._waiting: dict[Path, int] = {}
        self._n_written = 0

    def put(self, batch: pl.DataFrame) -> str:
        """Wait until there is room, then write a batch; gives its path.

        Raises:
            SinkError: There is no room for it.
        """
        while sum(self._waiting.values()) > self._allowance:
            time.sleep(LOOK_EVERY_S)
            self._waiting = {path: size for path, size in self._waiting.items() if path.exists()}
        path = self._folder / f"{self._n_written:08}.arrow"
        try:
            batch.write_ipc(path, compression="uncompressed")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise SinkError(
                f"cannot keep flows in {self._folder} until they are taken: {error}; make room there, let TMPDIR name "
                "another folder, or read with one worker"
            ) from error
        self._n_written += 1
        self._waiting[path] = path.stat().st_size
        return str(path)


def end_with(parent: int, folder: Path) -> None:
    """Wait until the process that wanted the flows is gone, then remove what it can no longer remove, and end."""
    while os.getppid() == parent:
        time.sleep(PARENT_EVERY_S)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def serve(reply: Reply, spool: Spool) -> None:
    """Read stream after stream, as standard input asks for, until it ends."""
    for line in sys.stdin.buffer:
        _read(json.loads(line), reply, spool)


def _read(task: dict[str, Any], reply: Reply, spool: Spool) -> None:
    """Read one stream; whatever clan raises is told at its end."""
    source: Source | None = None
    error: list[str] | None = None
    try:
        settings = FlowSettings.from_manifest(task["settings"])
        source = FORMATS[task["format"]].open(task["paths"], settings, features=task["features"], strict=task["strict"])
        reply({"opened": True})
        for batch in source.batches():
            reply({"batch": spool.put(batch), "bytes_read": source.bytes_read})
    except ClanError as raised:
        error = [type(raised).__name__, str(raised)]
    finally:
        if source is not None:
            source.close()
    reply(
        {
            "counts": source.counts() if source else {},
            "warnings": source.warnings() if source else [],
            "bytes_read": source.bytes_read if source else 0,
            "error": error,
        }
    )


def main() -> None:
    """Run as the process: `FOLDER ALLOWANCE PARENT` are its arguments behind the module search path."""
    folder, allowance, parent = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the replies

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message).encode() + b"\n")
        replies.flush()

    threading.Thread(target=end_with, args=(parent, folder.parent), daemon=True).start()
    serve(reply, Spool(folder, allowance))
