"""The alert record, where alerts go, and how a run is told: a terminal table and a report page."""

from clan.alerts.agreement import Agreement
from clan.alerts.alert import SEVERITIES, Alert, alert_id, alerts_from, severity_of
from clan.alerts.explanation import METHODS, RANGE, REPLACED, SHARED, Explanation, HostFact, NormalFlow
from clan.alerts.group import GroupSettings
from clan.alerts.group_count import count_groups, group_flows
from clan.alerts.hosts import Host, Hosts
from clan.alerts.incident import PATTERNS, Incident
from clan.alerts.incident_line import encode_incident, incident_values
from clan.alerts.incident_table import incident_table
from clan.alerts.incident_tracker import IncidentTracker, Tracked
from clan.alerts.rate_limit import RateLimit
from clan.alerts.reason import BENIGN_HIGH, BENIGN_LOW, Reason
from clan.alerts.sinks import AnnotatedLog, Sink, SinkSettings, open_sink
from clan.alerts.summary import summary
from clan.alerts.suppress_thresholds import ThresholdFile, read_thresholds
from clan.alerts.suppress_watch import WatchedSuppressions
from clan.alerts.suppression import Suppression, suppression
from clan.alerts.suppressions import Suppressions
from clan.alerts.triage import Triage
from clan.alerts.triage_settings import TriageSettings

__all__ = [
    "BENIGN_HIGH",
    "BENIGN_LOW",
    "METHODS",
    "PATTERNS",
    "RANGE",
    "REPLACED",
    "SEVERITIES",
    "SHARED",
    "Agreement",
    "Alert",
    "AnnotatedLog",
    "Explanation",
    "GroupSettings",
    "Host",
    "HostFact",
    "Hosts",
    "Incident",
    "IncidentTracker",
    "NormalFlow",
    "RateLimit",
    "Reason",
    "Sink",
    "SinkSettings",
    "Suppression",
    "Suppressions",
    "ThresholdFile",
    "Tracked",
    "Triage",
    "TriageSettings",
    "WatchedSuppressions",
    "alert_id",
    "alerts_from",
    "count_groups",
    "encode_incident",
    "group_flows",
    "incident_table",
    "incident_values",
    "open_sink",
    "read_thresholds",
    "severity_of",
    "summary",
    "suppression",
]
