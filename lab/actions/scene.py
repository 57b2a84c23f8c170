"""Who acts where, with which dice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.command import Command
from lab.services.pages import PAGES
from lab.site import Host, Site

FOLDER = "{folder}"
"""Stands in commands for the folder of the recording, so that a plan does not depend on where that is."""
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One user at one host.

    Attributes:
        rng: Every draw comes from it.
        site: The site.
        host: Where the user sits.
    """

    rng: random.Random
    site: Site
    host: Host

    def name(self, host: str) -> str:
        """Give a full host name."""
        return f"{host}.{self.site.domain}"

    def number(self) -> int:
        """Draw the number of a page, an image or a download; low ones are popular."""
        return min(int(self.rng.expovariate(1 / 15)), PAGES - 1)

    def curl(self, *arguments: str, seconds: float = 20) -> Command:
        """Make a run of curl that throws away what it gets."""
        common = ("curl", "-q", "-s", "-k", "--max-time", f"{seconds:g}", "-A", self.agent())
        return Command(argv=(*common, *arguments), seconds=seconds + 3)

    def agent(self) -> str:
        """Draw the name of a browser; each host keeps to one or two."""
        return _AGENTS[(sum(self.host.address.encode()) + (self.rng.random() < 0.1)) % len(_AGENTS)]

    def fetch(self, urls: Sequence[str], *options: str, seconds: float = 20) -> Command:
        """Make a run of curl that fetches several addresses."""
        return self.curl(*options, *(word for url in urls for word in ("-o", "/dev/null", url)), seconds=seconds)


Action = Callable[[Scene], list[Command]]
