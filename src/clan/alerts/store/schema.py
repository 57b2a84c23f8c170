"""The tables of the store, and how an older store becomes one of today.

`MIGRATIONS[n]` turns version n into version n + 1; a new store goes through all of them, so that there is one way only.
"""

from __future__ import annotations

import sqlite3

from clan.errors import StoreError

APPLICATION_ID = 0x436C616E  # "Clan"

MIGRATIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('suppressions_version', 0), ('pruned_alerts', 0);
    CREATE TABLE feature_set (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
    CREATE TABLE alert (
        id INTEGER PRIMARY KEY,
        alert_id TEXT NOT NULL,
        uid TEXT NOT NULL,
        source TEXT NOT NULL,
        incident_id TEXT,
        time_us INTEGER,
        stored_us INTEGER NOT NULL,
        src_ip TEXT, src_port INTEGER, dst_ip TEXT, dst_port INTEGER, protocol INTEGER,
        p_value REAL NOT NULL,
        anomaly_score REAL NOT NULL,
        severity INTEGER NOT NULL,
        label TEXT,
        model_id TEXT NOT NULL,
        hidden_by TEXT,
        body BLOB NOT NULL,
        feature_set INTEGER REFERENCES feature_set (id),
        features BLOB
    );
    CREATE UNIQUE INDEX alert_flow ON alert (alert_id, uid);
    CREATE INDEX alert_time ON alert (time_us);
    CREATE INDEX alert_incident ON alert (incident_id);
    CREATE TABLE incident (
        incident_id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        merged_into TEXT,
        first_us INTEGER, last_us INTEGER,
        stored_us INTEGER NOT NULL,
        actor TEXT, target TEXT,
        pattern TEXT NOT NULL,
        n_alerts INTEGER NOT NULL,
        severity INTEGER NOT NULL,
        label TEXT,
        body BLOB NOT NULL
    );
    CREATE INDEX incident_last ON incident (last_us);
    CREATE TABLE suppression (
        suppression_id TEXT PRIMARY KEY,
        src TEXT, dst TEXT, port INTEGER, protocol INTEGER, label TEXT, alert_id TEXT,
        until_us INTEGER,
        either INTEGER NOT NULL,
        reason TEXT NOT NULL,
        origin TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        removed_us INTEGER,
        hits INTEGER NOT NULL DEFAULT 0,
        last_hit_us INTEGER
    );
    CREATE TABLE verdict (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        alert_id TEXT NOT NULL,
        uid TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('benign', 'malicious')),
        label TEXT,
        reason TEXT NOT NULL,
        forced TEXT,
        made_us INTEGER NOT NULL,
        undone_us INTEGER
    );
    CREATE INDEX verdict_alert ON verdict (alert_id);
    """,
    """
    INSERT INTO meta VALUES ('verdicts_version', 0);
    ALTER TABLE verdict ADD COLUMN scope TEXT NOT NULL DEFAULT 'hosts';
    ALTER TABLE verdict ADD COLUMN hits INTEGER NOT NULL DEFAULT 0;
    """,
)
VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring a store to today's version, each step in a transaction of its own.

    Raises:
        StoreError: The file is a database of something else, or of a newer clan.
    """
    version = _version(connection, path)
    while version < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection, path)  # another process may have been quicker
            if version < VERSION:
                for statement in MIGRATIONS[version].split(";"):
                    connection.execute(statement)
                version += 1
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection, path: str) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (tables or application or version):
        raise StoreError(f"{path} is a database, but no store of clan; name another file")
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer clan (store version {version}, this clan knows {VERSION}); upgrade clan"
        )
    return int(version)
