"""What a feature is, which features there are, and which columns identify a flow."""

from clan.schema.conn_group import CONN_MEASURED
from clan.schema.feature import KINDS, Feature
from clan.schema.groups import GROUPS, check_columns, features_of, schema_hash, table_feature
from clan.schema.identity import IDENTITY

__all__ = [
    "CONN_MEASURED",
    "GROUPS",
    "IDENTITY",
    "KINDS",
    "Feature",
    "check_columns",
    "features_of",
    "schema_hash",
    "table_feature",
]
