"""What can go wrong in the lab.

LabError
├── ConfinementError  something would have left, or could leave, the lab's own network
├── MissingPrograms   programs are not installed
└── ServiceError      a server did not start
"""

from __future__ import annotations


class LabError(RuntimeError):
    """A recording could not be made."""


class ConfinementError(LabError):
    """Something would have left, or could leave, the lab's own network."""


class MissingPrograms(LabError):
    """Programs that take part are not installed."""


class ServiceError(LabError):
    """A server did not start, or ended."""
