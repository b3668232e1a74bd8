"""A SQLite file in the data directory, shared by threads and processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

__all__ = ["Database", "connect", "transaction"]

_BUSY_S = 5.0


def connect(path: Path) -> sqlite3.Connection:
    """Open a database file, which is made when missing; nothing is in a transaction but what says so."""
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")  # readers go on while an import writes
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Hold the only writing transaction until the block ends; an exception undoes it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


class Database:
    """One database file; each thread has a connection of its own.

    Parameters
    ----------
    path : Path
        Made when missing, with its directory.
    schema : sequence of str
        Statements that make what is not there yet.
    """

    def __init__(self, path: Path, schema: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._local = threading.local()
        with self.transaction() as connection:
            for statement in schema:
                connection.execute(statement)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection of the thread that asks."""
        if not hasattr(self._local, "connection"):
            self._local.connection = connect(self.path)
        return self._local.connection  # type: ignore[no-any-return]

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold the only writing transaction until the block ends; an exception undoes it."""
        return transaction(self.connection)

    def close(self) -> None:
        """Close this thread's connection."""
        if connection := getattr(self._local, "connection", None):
            connection.close()
            del self._local.connection
