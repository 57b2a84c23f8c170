"""Where alerts go: a sink is an encoding and a transport, with a spool between them."""

from clan.alerts.sinks.annotated import AnnotatedLog
from clan.alerts.sinks.base import Event, Sink
from clan.alerts.sinks.encoding import Container, Encoding, encoding_names, encoding_of
from clan.alerts.sinks.kind import Kind, kinds
from clan.alerts.sinks.opening import (
    DirectSink,
    EncodingSink,
    SpooledSink,
    counters_of,
    open_sink,
    spool_folder,
    state_folder,
)
from clan.alerts.sinks.settings import SinkSettings

__all__ = [
    "AnnotatedLog",
    "Container",
    "DirectSink",
    "Encoding",
    "EncodingSink",
    "Event",
    "Kind",
    "Sink",
    "SinkSettings",
    "SpooledSink",
    "counters_of",
    "encoding_names",
    "encoding_of",
    "kinds",
    "open_sink",
    "spool_folder",
    "state_folder",
]
