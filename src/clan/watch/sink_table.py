"""A place that alerts go to, as a configuration has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from clan.alerts import SinkSettings
from clan.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SinkTable:
    """A place that alerts go to; several are used at once. Options of its kind stand beside the URL or in it.

    Attributes:
        table: As it was written.
        settings: What that means.
    """

    SAMPLE: ClassVar = (
        '[[sinks]]\nurl = "file:alerts.ndjson?rotate=100MB&keep=10"\n\n'
        "# The least severe level that it takes: high, medium, low or marginal.\n"
        '# severity = "marginal"\n\n'
        "# A URL with a secret in it stands in the environment; clan sinks list says what there is.\n"
        '# [[sinks]]\n# url = "env:CLAN_SINK_URL"\n'
    )

    table: Mapping[str, Any] = field(repr=False)
    settings: SinkSettings = field(compare=False)

    def __hash__(self) -> int:
        return hash(tuple(sorted((key, repr(value)) for key, value in self.table.items())))

    @classmethod
    def read_table(cls, table: Mapping[str, Any], folder: Path) -> Self:
        """Take a table; the path of a file counts from the folder.

        Raises:
            ConfigError: Something of it is unknown or not allowed.
        """
        url = table.get("url")
        placed = dict(table)
        if isinstance(url, str) and url.startswith("file:") and url[5:6] not in ("/", "-"):
            placed["url"] = f"file:{(folder / url[5:]).absolute()}"
        try:
            return cls(table=dict(table), settings=SinkSettings.from_table(placed))
        except (TypeError, ValueError) as error:
            raise ConfigError(str(error)) from error

    def shown(self) -> Mapping[str, Any]:
        """Give the table without what may be a secret in it: the path of a web address."""
        url = str(self.table["url"])
        if "http" in url.partition(":")[0] or url.startswith("webhook"):
            parts = urlsplit(url)
            url = f"{parts.scheme}://{parts.netloc}/***"
        return {**self.table, "url": url}
