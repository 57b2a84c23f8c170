"""Suricata's EVE events: `flow` and `netflow`, with its alerts."""

from clan.sources.suricata.source import EveParser, is_eve, open_eve

__all__ = ["EveParser", "is_eve", "open_eve"]
