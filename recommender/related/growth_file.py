"""A growth on disk: a database beside its model, in which each keeping replaces what has changed since the last."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.database import connect, transaction
from recommender.errors import ModelError
from recommender.related.growth import GONE, Growth
from recommender.related.growth_rows import Entry, KinRow, TermRow, stacked

__all__ = ["GrowthFile"]

_FORMAT = 2
"""Of the tables and of the arrays in them, kept as the database's user_version; 0 before anything is kept."""
_TABLES = {
    "articles": "id TEXT, section TEXT, language TEXT, published REAL, terms BLOB, weights BLOB, copies TEXT",
    "standing": "original INTEGER, stand_in INTEGER",
    "expanded": "terms BLOB, weights BLOB",
    "kin": "others BLOB, cosines BLOB, bound REAL",
    "entries": "candidates BLOB, cosines BLOB, listed BLOB, scores BLOB",
}
"""What is said of a place in each; `position` is that of the growth when it was written."""
_T = TypeVar("_T")
_Row = tuple[Any, ...]


class GrowthFile:
    """What is kept of the growth of one model.

    Parameters
    ----------
    path : Path
        Made when something is kept first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def position(self) -> int:
        """Return the position of what is kept; 0 where nothing is.

        Raises
        ------
        ModelError
            When it is in another format, or damaged.
        """
        return self._look(_position) or 0

    def read(self, known: Growth) -> Growth:
        """Return what is kept; of what is known already, from an earlier keeping, nothing is read again.

        Parameters
        ----------
        known : Growth
            As it was read or kept, or an empty one; others may go on reading it.

        Raises
        ------
        ModelError
            As `position` does.
        """
        return self._look(lambda connection: _read(connection, known)) or known

    def written_since(self, position: int) -> list[int]:
        """Return the places whose lists are others, or gone, since a position; raises as `position` does."""
        return self._look(lambda connection: _written_since(connection, position)) or []

    def _look(self, look: Callable[[sqlite3.Connection], _T]) -> _T | None:
        if not self._path.exists():
            return None
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                connection.execute("BEGIN")  # all that is read is as of one keeping
                (written,) = connection.execute("PRAGMA user_version").fetchone()
                if written not in {0, _FORMAT}:
                    raise ModelError(f"{self._path} was written by another release; train again")
                return look(connection) if written else None
        except sqlite3.Error as error:
            raise ModelError(f"{self._path} cannot be read: {error}; train again if that stays") from error

    def keep(self, growth: Growth) -> None:
        """Write what has changed, all or nothing; a reader, or whoever goes on, finds what was there before or this."""
        if self._connection is None:
            self._connection = connect(self._path)
        with transaction(self._connection) as connection:
            if connection.execute("PRAGMA user_version").fetchone() == (0,):
                connection.execute("CREATE TABLE kept (position INTEGER NOT NULL)")
                for table, columns in _TABLES.items():
                    connection.execute(f"CREATE TABLE {table} (place INTEGER PRIMARY KEY, position INTEGER, {columns})")
                    connection.execute(f"CREATE INDEX {table}_since ON {table} (position)")
                connection.execute(f"PRAGMA user_version = {_FORMAT}")
            for table, row_of in _ROWS.items():
                for place in sorted(growth.unkept[table]):
                    if (row := row_of(growth, place)) is None:
                        connection.execute(f"DELETE FROM {table} WHERE place = ?", (place,))  # noqa: S608
                    else:
                        marks = ", ?" * len(row)
                        values = place, growth.position, *row
                        connection.execute(f"REPLACE INTO {table} VALUES (?, ?{marks})", values)  # noqa: S608
            connection.execute("DELETE FROM kept")
            connection.execute("INSERT INTO kept VALUES (?)", (growth.position,))
        growth.unkept.clear()

    def close(self) -> None:
        """Close the connection by which things were kept."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


# From a growth


def _article(growth: Growth, place: int) -> _Row:
    at = place - len(growth.model.ids)
    words = slice(*growth.rows.indptr[at : at + 2])
    row = _bytes(growth.rows.indices[words], np.int32), _bytes(growth.rows.data[words], np.float32)
    copies = json.dumps(growth.near[growth.near[:, 0] == place, 1].tolist())
    published = float(growth.published[at])
    return growth.ids[at], growth.sections[at], growth.languages[at], published, *row, copies


def _standing(growth: Growth, place: int) -> _Row:
    return int(growth.originals[place]), int(growth.stand_ins[place])


def _expanded(growth: Growth, place: int) -> _Row:
    row = growth.expanded[place]
    return _bytes(row.terms, np.int32), _bytes(row.weights, np.float32)


def _kin(growth: Growth, place: int) -> _Row:
    row = growth.kin[place]
    return _bytes(row.others, np.int32), _bytes(row.cosines, np.float32), row.bound


def _entry(growth: Growth, place: int) -> _Row | None:
    if (entry := growth.entries.get(place)) is None:  # given up
        return None
    near = _bytes(entry.candidates, np.int32), _bytes(entry.cosines, np.float32)
    return *near, _bytes(entry.listed, np.int32), _bytes(entry.scores, np.float32)


_ROWS: dict[str, Callable[[Growth, int], _Row | None]] = {
    "articles": _article,
    "standing": _standing,
    "expanded": _expanded,
    "kin": _kin,
    "entries": _entry,
}


def _bytes(array: NDArray[Any], kind: type[np.generic]) -> bytes:
    return array.astype(np.dtype(kind).newbyteorder("<"), copy=False).tobytes()


# Into a growth


def _position(connection: sqlite3.Connection) -> int:
    (position,) = connection.execute("SELECT position FROM kept").fetchone()
    return int(position)


def _written_since(connection: sqlite3.Connection, position: int) -> list[int]:
    found = connection.execute(
        """SELECT place FROM entries WHERE position > :position
           UNION SELECT place FROM standing WHERE position > :position AND stand_in = :gone ORDER BY place""",
        {"position": position, "gone": GONE},
    )
    return [place for (place,) in found]


def _read(connection: sqlite3.Connection, known: Growth) -> Growth:
    def rows(table: str) -> sqlite3.Cursor:
        since = (known.position,)
        return connection.execute(f"SELECT * FROM {table} WHERE position > ? ORDER BY place", since)  # noqa: S608

    growth = known.apart()
    if came := rows("articles").fetchall():
        places, _, ids, sections, languages, published, terms, weights, copies = zip(*came, strict=True)
        words = [TermRow(_ints(some), _floats(heavy)) for some, heavy in zip(terms, weights, strict=True)]
        growth.append(ids, sections, languages, published, stacked(words, growth.rows.shape[1]))
        for place, near in zip(places, map(json.loads, copies), strict=True):
            growth.add_copies(place, [], near)
    if standing := rows("standing").fetchall():
        places, _, originals, stand_ins = np.array(standing).T
        growth.stand(places, originals, stand_ins)
        for place in places[stand_ins == GONE].tolist():
            growth.entries.pop(place, None)
    growth.expanded |= {place: TermRow(_ints(some), _floats(heavy)) for place, _, some, heavy in rows("expanded")}
    growth.kin |= {place: KinRow(_ints(one), _floats(two), bound) for place, _, one, two, bound in rows("kin")}
    for place, _, candidates, cosines, listed, scores in rows("entries"):
        growth.entries[place] = Entry(_ints(candidates), _floats(cosines), _ints(listed), _floats(scores))
    growth.position = _position(connection)
    growth.unkept.clear()
    return growth


def _ints(blob: bytes) -> NDArray[np.int32]:
    return np.frombuffer(blob, dtype="<i4")


def _floats(blob: bytes) -> NDArray[np.float32]:
    return np.frombuffer(blob, dtype="<f4")
