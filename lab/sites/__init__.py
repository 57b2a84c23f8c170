"""The sites that the lab knows."""

from __future__ import annotations

from lab.errors import LabError
from lab.site import Site
from lab.sites.alpha import ALPHA
from lab.sites.beta import BETA

SITES: dict[str, Site] = {site.name: site for site in (ALPHA, BETA)}
"""Name to site."""


def site_called(name: str) -> Site:
    """Give a site by name.

    Raises:
        LabError: There is none of this name.
    """
    if name not in SITES:
        raise LabError(f"there is no site {name!r}; there are {', '.join(SITES)}")
    return SITES[name]


__all__ = ["SITES", "site_called"]
