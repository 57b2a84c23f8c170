"""What a feature is, which features there are, and which columns identify a flow."""

from clan.schema.conn_group import CONN_MEASURED, CONN_TOLD
from clan.schema.conn_words import HISTORY, SERVICES, STATES
from clan.schema.context_group import WINDOWS
from clan.schema.feature import KINDS, Feature
from clan.schema.groups import GROUPS, TABLE, TABLE_PREFIX, check_columns, features_of, schema_hash, table_feature
from clan.schema.identity import CARRIED, IDENTITY
from clan.schema.ports import ICMP, WITH_PORTS, has_ports

__all__ = [
    "CARRIED",
    "CONN_MEASURED",
    "CONN_TOLD",
    "GROUPS",
    "HISTORY",
    "ICMP",
    "IDENTITY",
    "KINDS",
    "SERVICES",
    "STATES",
    "TABLE",
    "TABLE_PREFIX",
    "WINDOWS",
    "WITH_PORTS",
    "Feature",
    "check_columns",
    "features_of",
    "has_ports",
    "schema_hash",
    "table_feature",
]
