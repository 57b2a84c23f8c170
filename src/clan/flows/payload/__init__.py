"""The first payload of flows, turned into numbers."""

from clan.flows.payload.bytes import Scratch, new_scratch
from clan.flows.payload.digest import collect_payload, digest
from clan.flows.payload.layout import VIEW
from clan.flows.payload.names import Names, new_names
from clan.flows.payload.pool import (
    MOST_BUFFERS,
    READY,
    Pool,
    begin_payload,
    copy_payload,
    end_payload,
    must_digest,
    new_pool,
    take_payload,
)

__all__ = [
    "MOST_BUFFERS",
    "READY",
    "VIEW",
    "Names",
    "Pool",
    "Scratch",
    "begin_payload",
    "collect_payload",
    "copy_payload",
    "digest",
    "end_payload",
    "must_digest",
    "new_names",
    "new_pool",
    "new_scratch",
    "take_payload",
]
