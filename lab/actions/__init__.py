"""What users do, one file for each family of programs."""

from __future__ import annotations

from lab.actions.files import FILES
from lab.actions.messages import MESSAGES
from lab.actions.names import NAMES
from lab.actions.scene import Action, Scene
from lab.actions.shells import SHELLS
from lab.actions.web import WEB

ACTIONS: dict[str, Action] = WEB | NAMES | FILES | MESSAGES | SHELLS
"""Name to what makes the commands of one such activity."""

__all__ = ["ACTIONS", "Action", "Scene"]
