"""The report: one page with pictures that opens anywhere, without scripts and without the network."""

from clan.alerts.report.data import ReportData
from clan.alerts.report.html import render

__all__ = ["ReportData", "render"]
