"""Opening the database: journal, durability, and the functions that queries use."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal

from clan.alerts.store.schema import migrate
from clan.alerts.suppression import lowered
from clan.errors import StoreError

Synchronous = Literal["normal", "full"]
_BUSY_MS = 10_000
_PAGE_BYTES = 8192  # an alert with its features takes over 2 kB: of 4 kB pages each would leave almost half empty
_JOURNAL_BYTES = 64 << 20  # the write-ahead log is cut to this after a checkpoint
_CHECKPOINT_BYTES = 32 << 20  # alerts come into the index by their ids, all over it: the same pages again and again
_CACHE_BYTES = 16 << 20


def connect(path: Path, *, create: bool, synchronous: Synchronous) -> sqlite3.Connection:
    """Open a store, and bring it to today's version.

    Raises:
        StoreError: It is not there (and not to be made), cannot be opened or is no store.
    """
    if not create and not path.exists():
        raise StoreError(f"there is no store {path}; clan detect --store {path} makes one")
    if create:
        _make_private(path)
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
        try:
            # the first two are only heard before the first table
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode.lower() != "wal":
                raise StoreError(f"{path}: this file system cannot keep a write-ahead log (journal mode {mode})")
            connection.execute(f"PRAGMA synchronous = {'FULL' if synchronous == 'full' else 'NORMAL'}")
            connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_BYTES // _PAGE_BYTES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_BYTES >> 10}")
            connection.execute("PRAGMA trusted_schema = OFF")
            migrate(connection, str(path))
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} cannot be opened: {error}") from error
    connection.create_function("in_network", 2, in_network, deterministic=True)
    connection.create_function("lowered", 1, lowered, deterministic=True)
    return connection


def _make_private(path: Path) -> None:
    """Make the file for its owner's eyes only; SQLite gives its log the permissions of the file."""
    with suppress(OSError):  # it is there, or cannot be made: what opens it says so
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


@contextmanager
def transaction(connection: sqlite3.Connection, *, keep: bool = True) -> Iterator[None]:
    """Do all or nothing, or (not `keep`) try what it would come to; waits for another writer."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT" if keep else "ROLLBACK")
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back by itself where the disk was full
            connection.execute("ROLLBACK")
        raise


@lru_cache(maxsize=65_536)
def in_network(address: str | None, network: str) -> bool:
    """Whether an address lies in a network, for SQL."""
    try:
        return address is not None and ipaddress.ip_address(address) in _network(network)
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)
