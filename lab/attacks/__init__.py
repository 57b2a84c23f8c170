"""Attack behaviours: bounded in rate, count and time, and confined to the site's own hosts."""

from __future__ import annotations

from lab.attacks.attack import Attack, Stage, Target
from lab.attacks.schedule import BEHAVIOURS, Scheduled, attack_plan, confusing

__all__ = ["BEHAVIOURS", "Attack", "Scheduled", "Stage", "Target", "attack_plan", "confusing"]
