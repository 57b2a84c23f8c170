"""The servers of a site, one file a kind."""

from __future__ import annotations

from lab.services.base import Service
from lab.services.start import PROGRAMS, services_of, start_services

__all__ = ["PROGRAMS", "Service", "services_of", "start_services"]
