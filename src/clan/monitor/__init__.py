"""The one pipeline: source -> flows -> detect -> alerts. Every command that detects runs this."""

from clan.monitor.incident_pcaps import write_incident_pcaps
from clan.monitor.model import LoadedModel, check_reader, check_source, columns_of, flow_settings_of, groups_of_model
from clan.monitor.pipeline import EARLY, KEPT_ALERTS, Monitor, Outcome

__all__ = [
    "EARLY",
    "KEPT_ALERTS",
    "LoadedModel",
    "Monitor",
    "Outcome",
    "check_reader",
    "check_source",
    "columns_of",
    "flow_settings_of",
    "groups_of_model",
    "write_incident_pcaps",
]
