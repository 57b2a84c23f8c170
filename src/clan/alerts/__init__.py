"""The alert record, where alerts go, and how a run is told: a terminal table and a report page."""

from clan.alerts.alert import SEVERITIES, Alert, alerts_from, severity_of
from clan.alerts.reason import BENIGN_HIGH, BENIGN_LOW, Reason
from clan.alerts.sinks import AnnotatedLog, FileSink, Sink
from clan.alerts.summary import summary

__all__ = [
    "BENIGN_HIGH",
    "BENIGN_LOW",
    "SEVERITIES",
    "Alert",
    "AnnotatedLog",
    "FileSink",
    "Reason",
    "Sink",
    "alerts_from",
    "severity_of",
    "summary",
]
