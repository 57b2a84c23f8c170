"""Where alerts go, one sink a file."""

from clan.alerts.sinks.annotated import AnnotatedLog
from clan.alerts.sinks.base import Sink
from clan.alerts.sinks.file import FileSink

__all__ = ["AnnotatedLog", "FileSink", "Sink"]
