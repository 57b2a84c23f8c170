"""`clan watch`: the pipeline as a service, from one TOML file, with what shows how it goes."""

from clan.watch import show
from clan.watch.check import check
from clan.watch.document import Document
from clan.watch.loader import load
from clan.watch.log import Log
from clan.watch.notify import Notifier
from clan.watch.plain import PlainLog
from clan.watch.runner import Watch
from clan.watch.settings import WatchSettings
from clan.watch.view import TerminalView

__all__ = [
    "Document",
    "Log",
    "Notifier",
    "PlainLog",
    "TerminalView",
    "Watch",
    "WatchSettings",
    "check",
    "load",
    "show",
]
