"""When a file of alerts gives way to the next one, and what it is called then."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from clan.errors import ConfigError

_FORM = "%Y-%m-%d-%H-%M-%S"  # as Zeek names its rotated logs


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Rotation by renaming: `alerts.ndjson` becomes `alerts.2026-01-31-00-00-00.ndjson` and is begun anew.

    Attributes:
        size: Bytes that a file may not exceed, unless by one batch; None: any.
        every_s: A file holds one interval of this length at most, counted from midnight UTC; None: any.
        keep: How many old files are kept; 0: all.
    """

    size: int | None = None
    every_s: float | None = None
    keep: int = 0

    def __post_init__(self) -> None:
        if self.size is not None and self.size < 1024:
            raise ConfigError(f"rotate must be at least 1 KiB, got {self.size} bytes")
        if self.every_s is not None and self.every_s < 1:
            raise ConfigError(f"rotate_every must be at least 1 s, got {self.every_s:g} s")
        if self.keep and not (self.size or self.every_s):
            raise ConfigError("keep counts rotated files: give rotate or rotate_every as well")

    def due(self, size: int, more: int, written_at: float, now: float) -> bool:
        """Tell whether the next bytes belong into another file.

        Args:
            size: Bytes in the file.
            more: Bytes to come.
            written_at: When the file was last written to, in seconds since the epoch.
            now: The time.
        """
        if size == 0:
            return False
        if self.size is not None and size + more > self.size:
            return True
        return self.every_s is not None and written_at // self.every_s != now // self.every_s

    def rotate(self, path: Path, now: float) -> None:
        """Rename a file that is there, and remove the oldest ones beyond `keep`.

        Raises:
            OSError: It cannot be renamed.
        """
        base = f"{path.stem}.{time.strftime(_FORM, time.gmtime(now))}"
        same = [old for old in self.rotated(path) if old.name.startswith(base)]  # several in one second
        n = 0 if not same else int(same[-1].name.removesuffix(path.suffix).removeprefix(base).lstrip("-") or 0) + 1
        path.rename(path.with_name(f"{base}{f'-{n:06d}' if n else ''}{path.suffix}"))
        if self.keep:
            for old in self.rotated(path)[: -self.keep]:
                old.unlink(missing_ok=True)

    @staticmethod
    def rotated(path: Path) -> list[Path]:
        """Give the old files of a path, oldest first."""
        form = re.compile(re.escape(path.stem) + r"\.\d{4}(?:-\d\d){5}(?:-\d{6})?" + re.escape(path.suffix))
        found = (p for p in path.parent.iterdir() if form.fullmatch(p.name))
        return sorted(found, key=lambda p: p.name.removesuffix(path.suffix))
