"""Why this flow: what about it is unlike benign traffic."""

from clan.alerts import Reason
from clan.explain.benign_range import reasons

__all__ = ["Reason", "reasons"]
