"""A roster: who is nearest to each article, kept while articles come, move and go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.related.neighbours import COMPILED, Neighbours

__all__ = ["Roster"]

Places = NDArray[np.int64]
Floats = NDArray[np.float32]

_ROOM = 1024
"""Articles for which room is made at once."""


class Roster:
    """The nearest of each of a growing number of articles.

    Parameters
    ----------
    neighbours : Neighbours
        Of the first articles; copied.
    bounds : array of float32, optional
        Whatever is nearer to an article than this stands in its row; unset: the last of the row, where it is full.

    Attributes
    ----------
    size : int
        Number of articles.
    """

    def __init__(self, neighbours: Neighbours, bounds: Floats | None = None) -> None:
        self._indices = np.array(neighbours.indices)
        self._cosines = np.array(neighbours.cosines)
        self._bounds = np.array(self._cosines[:, -1] if bounds is None else bounds)
        self._changed = np.zeros(len(self._indices), dtype=bool)
        self.size, self.width = neighbours.indices.shape

    @property
    def indices(self) -> NDArray[np.int32]:
        """Nearest first; -1 where there are no more; shape (size, width)."""
        return self._indices[: self.size]

    @property
    def cosines(self) -> Floats:
        """0 where there are no more."""
        return self._cosines[: self.size]

    @property
    def bounds(self) -> Floats:
        """Whatever is nearer to an article stands in its row; shape (size,)."""
        return self._bounds[: self.size]

    def extend(self, count: int) -> None:
        """Give room to as many more articles, with nobody near them."""
        self.size += count
        missing = self.size - len(self._indices)
        if missing > 0:
            room = max(missing, _ROOM)
            self._indices = np.concatenate((self._indices, np.full((room, self.width), -1, dtype=np.int32)))
            self._cosines = np.concatenate((self._cosines, np.zeros((room, self.width), dtype=np.float32)))
            self._bounds = np.concatenate((self._bounds, np.zeros(room, dtype=np.float32)))
            self._changed = np.concatenate((self._changed, np.zeros(room, dtype=bool)))

    def changed(self) -> Places:
        """Return whose rows have changed since this was asked last."""
        places = np.flatnonzero(self._changed)
        self._changed[places] = False
        return places

    def go_on(self, places: Places, rows: Neighbours, bounds: Floats) -> None:
        """Take over rows that had changed before."""
        self._indices[places], self._cosines[places], self._bounds[places] = rows.indices, rows.cosines, bounds

    def put(self, place: int, neighbours: Places, cosines: Floats) -> None:
        """Write down all that are near an article, nearest first; of more than there is room for the nearest."""
        count = min(len(neighbours), self.width)
        self._indices[place], self._cosines[place] = -1, 0
        self._indices[place, :count], self._cosines[place, :count] = neighbours[:count], cosines[:count]
        self._bounds[place] = self._cosines[place, -1]  # 0 where there is room
        self._changed[place] = True

    def short(self, places: Places, count: int) -> Places:
        """Return those of some articles of whom fewer than ``count`` are sure to be the nearest, since others left."""
        bounds = self._bounds[places]
        sure = (self._cosines[places] > bounds[:, None]).sum(axis=1)
        short: Places = places[(sure < count) & (bounds > 0)]
        return short

    def holders(self, places: Places) -> Places:
        """Return in whose rows some articles stand."""
        return np.flatnonzero(self._hold(self.indices, places)) if len(places) else places

    def _hold(self, rows: NDArray[np.int32], places: Places) -> NDArray[np.bool_]:
        """Tell in which rows some articles stand."""
        wanted = np.zeros(self.size + 1, dtype=bool)  # the last is for -1
        wanted[places] = True
        found = np.zeros(len(rows), dtype=bool)
        if not COMPILED:
            return np.any(wanted[rows], axis=1, out=found)
        from recommender.related.compiled import rows_with  # noqa: PLC0415 - takes a second

        rows_with(rows, wanted, found)
        return found

    def drop(self, places: Places) -> Places:
        """Take articles out of everybody's row; return whose rows changed."""
        rows = self.holders(places)
        self._merge(rows, places, np.zeros((len(rows), len(places)), dtype=np.float32))
        return rows

    def enter(self, came: Places, cosines: Floats, among: Places | None = None) -> Places:
        """Put articles into rows where they are near enough, or move them there; return whose rows changed.

        Parameters
        ----------
        came : array of int, shape (c,)
        cosines : array of float32, shape (m, c)
            Of those among whom they may stand; 0 where one may not.
        among : array of int, shape (m,), optional
            Everybody in whose row one of them stands already is one of these; unset: all.
        """
        some: Places | slice = slice(None) if among is None else among
        enters = self._hold(self.indices[some], came) | (cosines > self.cosines[some, -1:]).any(axis=1)
        rows = np.flatnonzero(enters) if among is None else among[enters]
        self._merge(rows, came, cosines[enters])
        return rows

    def _merge(self, rows: Places, came: Places, cosines: Floats) -> None:
        """Put articles at their cosines into rows, in place of where they were."""
        old = self.indices[rows]
        stayed = np.where(np.isin(old, came), 0, self.cosines[rows])
        others = np.hstack((old, np.broadcast_to(came.astype(np.int32), cosines.shape)))
        near = np.hstack((stayed, cosines))
        order = np.lexsort((others, -near))[:, : self.width]
        near = np.take_along_axis(near, order, axis=1)
        self._indices[rows] = np.where(near > 0, np.take_along_axis(others, order, axis=1), -1)
        self._cosines[rows] = near
        self._bounds[rows], self._changed[rows] = np.maximum(self._bounds[rows], near[:, -1]), True
