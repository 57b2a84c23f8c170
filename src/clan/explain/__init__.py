"""Why this flow: what about it is unlike benign traffic. And what normal is, in words."""

from clan.alerts import Reason
from clan.explain.explainer import Explainer, explain
from clan.explain.hosts import HISTORY
from clan.explain.learnt import Learnt, learnt

__all__ = ["HISTORY", "Explainer", "Learnt", "Reason", "explain", "learnt"]
