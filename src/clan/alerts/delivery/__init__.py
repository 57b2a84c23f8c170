"""Bringing records to a receiver that may be away: one bounded spool, one way to try again, for every sink."""

from clan.alerts.delivery.backoff import Backoff
from clan.alerts.delivery.counters import Counters
from clan.alerts.delivery.delivery import Delivery
from clan.alerts.delivery.record import MAX_RECORD, Record, Transport
from clan.alerts.delivery.settings import DeliverySettings
from clan.alerts.delivery.spool import Spool

__all__ = ["MAX_RECORD", "Backoff", "Counters", "Delivery", "DeliverySettings", "Record", "Spool", "Transport"]
