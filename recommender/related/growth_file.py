"""A growth on disk: a database beside its model, in which each keeping replaces what has changed since the last."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.database import connect, transaction
from recommender.errors import ModelError
from recommender.related.growth import Entry, ExpandedRow, Growth, KinRow
from recommender.related.model import Model

__all__ = ["GrowthFile"]

_FORMAT = 1
"""Of the tables and of the arrays in them, kept as the database's user_version; 0 before anything is kept."""
_SCHEMA = (
    "CREATE TABLE kept (position INTEGER NOT NULL)",
    """CREATE TABLE articles (place INTEGER PRIMARY KEY, id TEXT, section TEXT, language TEXT, published REAL,
       terms BLOB, weights BLOB, copies TEXT) STRICT""",
    "CREATE TABLE standing (place INTEGER PRIMARY KEY, original INTEGER, stand_in INTEGER) STRICT",
    "CREATE TABLE expanded (place INTEGER PRIMARY KEY, terms BLOB, weights BLOB) STRICT",
    "CREATE TABLE kin (place INTEGER PRIMARY KEY, others BLOB, cosines BLOB, bound REAL) STRICT",
    """CREATE TABLE entries (place INTEGER PRIMARY KEY, candidates BLOB, cosines BLOB, listed BLOB, scores BLOB)
       STRICT""",
)
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

    def read(self, model: Model) -> Growth:
        """Return what is kept, or an empty growth; raises as `position` does."""
        return self._look(lambda connection: _read(connection, model)) or Growth(model)

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
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_FORMAT}")
            for table, row_of in _ROWS.items():
                places = sorted(growth.unkept[table])
                connection.executemany(f"DELETE FROM {table} WHERE place = ?", ((place,) for place in places))  # noqa: S608
                for row in filter(None, (row_of(growth, place) for place in places)):
                    connection.execute(f"INSERT INTO {table} VALUES (?{', ?' * (len(row) - 1)})", row)  # noqa: S608
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
    return place, growth.ids[at], growth.sections[at], growth.languages[at], published, *row, copies


def _standing(growth: Growth, place: int) -> _Row:
    return place, int(growth.originals[place]), int(growth.stand_ins[place])


def _expanded(growth: Growth, place: int) -> _Row:
    row = growth.expanded[place]
    return place, _bytes(row.terms, np.int32), _bytes(row.weights, np.float32)


def _kin(growth: Growth, place: int) -> _Row:
    row = growth.kin[place]
    return place, _bytes(row.others, np.int32), _bytes(row.cosines, np.float32), row.bound


def _entry(growth: Growth, place: int) -> _Row | None:
    if (entry := growth.entries.get(place)) is None:  # given up
        return None
    ids = _bytes(entry.candidates, np.int32), _bytes(entry.cosines, np.float32)
    return place, *ids, _bytes(entry.listed, np.int32), _bytes(entry.scores, np.float32)


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


def _read(connection: sqlite3.Connection, model: Model) -> Growth:
    def rows(table: str) -> sqlite3.Cursor:
        return connection.execute(f"SELECT * FROM {table} ORDER BY place")  # noqa: S608

    columns = list(zip(*rows("articles"), strict=True)) or [()] * 8
    places, ids, sections, languages, published, terms, weights, copies = columns
    near = [(place, other) for place, some in zip(places, copies, strict=True) for other in json.loads(some)]
    size = len(model.ids) + len(places)
    originals, stand_ins = np.arange(size), np.arange(size)
    originals[: len(model.ids)], stand_ins[: len(model.ids)] = model.originals, model.stand_ins
    for place, original, stand_in in rows("standing"):
        originals[place], stand_ins[place] = original, stand_in
    starts = np.concatenate(([0], np.cumsum([len(some) // 4 for some in terms], dtype=np.int64)))
    parts = _floats(b"".join(weights)), _ints(b"".join(terms)), starts
    return Growth(
        model,
        position=_position(connection),
        ids=list(ids),
        sections=list(sections),
        languages=list(languages),
        published=np.array(published, dtype=np.float64),
        rows=csr_matrix(parts, shape=(len(places), model.rows.shape[1])),
        expanded={place: ExpandedRow(_ints(some), _floats(heavy)) for place, some, heavy in rows("expanded")},
        originals=originals,
        stand_ins=stand_ins,
        near=np.array(near, dtype=np.int64).reshape(-1, 2),
        kin={place: KinRow(_ints(one), _floats(two), bound) for place, one, two, bound in rows("kin")},
        entries=dict(_entries(rows("entries"))),
    )


def _entries(rows: Iterator[Sequence[Any]]) -> Iterator[tuple[int, Entry]]:
    for place, candidates, cosines, listed, scores in rows:
        yield place, Entry(_ints(candidates), _floats(cosines), _ints(listed), _floats(scores))


def _ints(blob: bytes) -> NDArray[np.int32]:
    return np.frombuffer(bytearray(blob), dtype="<i4")


def _floats(blob: bytes) -> NDArray[np.float32]:
    return np.frombuffer(bytearray(blob), dtype="<f4")
