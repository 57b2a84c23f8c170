"""Where alerts, incidents, verdicts and suppressions are kept: one SQLite file."""

from clan.alerts.store.query import Query
from clan.alerts.store.retention import Retention
from clan.alerts.store.rows import FeatureRows
from clan.alerts.store.store import Store, StoredAlert
from clan.alerts.store.suppression_table import Preview, StoredSuppression, SuppressionTable
from clan.alerts.store.verdict_table import VerdictTable

__all__ = [
    "FeatureRows",
    "Preview",
    "Query",
    "Retention",
    "Store",
    "StoredAlert",
    "StoredSuppression",
    "SuppressionTable",
    "VerdictTable",
]
