"""Why this flow: what about it is unlike benign traffic."""

from clan.alerts import Reason
from clan.explain.benign_range import reasons
from clan.explain.learnt import Learnt, learnt

__all__ = ["Learnt", "Reason", "learnt", "reasons"]
