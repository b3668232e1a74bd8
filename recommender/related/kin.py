"""Kin: the nearest of each article by its own words, kept from night to night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.neighbours import Neighbours, nearest, nearest_through

__all__ = ["Kin"]

_SPARE = 20
"""Kin kept beyond those asked for, so that a few may leave, or all move a little, before an article has to be compared
with all again."""
_STILL = 0.004
"""How far a row may have moved for its kin to be kept; when idf is learned afresh, nineteen in twenty move by less."""
_MOST = 0.1
"""Share of articles that have changed from which on all are compared with all."""
_ROUNDING = 1e-6
"""More than two sums of the products of two rows can differ by."""


@dataclass(frozen=True, slots=True)
class Kin:
    """The kin of each of n articles.

    Attributes
    ----------
    found : Neighbours
        Some more than `k`.
    bounds : array of float32, shape (n,)
        Whatever is nearer than this is among those found; 0 where all are.
    k : int
    """

    found: Neighbours
    bounds: NDArray[np.float32]
    k: int

    @classmethod
    def find(
        cls,
        rows: csr_matrix,
        originals: NDArray[np.int64],
        k: int,
        *,
        threads: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Kin:
        """Compare all with all; parameters as for `nearest`."""
        found = nearest(rows, originals, k=k + _SPARE, floor=0, threads=threads, progress=progress)
        # Each cosine is taken in one way, as in `renewed`: the last bit decides between equals.
        found = nearest_through(rows, found.indices, originals, k=k + _SPARE, hops=0, threads=threads)
        return cls(found, _last(found), k)

    @classmethod
    def unknown(cls, n: int, k: int) -> Kin:
        """Return the kin of n articles of whom nothing is known."""
        return cls(Neighbours.none(n, k), np.full(n, np.inf, dtype=np.float32), k)

    def nearest(self) -> Neighbours:
        """Return the `k` nearest of each."""
        return Neighbours(
            np.ascontiguousarray(self.found.indices[:, : self.k]), np.ascontiguousarray(self.found.cosines[:, : self.k])
        )

    def renewed(
        self,
        before: NDArray[np.int64],
        moved: NDArray[np.floating],
        rows: csr_matrix,
        originals: NDArray[np.int64],
        *,
        threads: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Kin:
        """Return the kin of a changed corpus, the same as `find` would, comparing only what changed.

        The cosine of two rows of length 1 changes by no more than the sum of how far they have moved, so that whatever
        was far from an article has not become its kin.

        Parameters
        ----------
        before : array of int, shape (n,)
            The place each article had, in the same order; -1 for what is new, has changed, or has another original.
        moved : array of float, shape (n,)
            Length of the difference between the row of each and the one it had.
        rows, originals, threads, progress :
            As for `nearest`, of the corpus as it is now.
        """
        n, width = rows.shape[0], self.k + _SPARE
        kept = (before >= 0) & (moved <= _STILL)
        if n - kept.sum() > _MOST * n or self.found.indices.shape[1] != width:
            return Kin.find(rows, originals, self.k, threads=threads, progress=progress)
        same = np.flatnonzero(kept)
        through = partial(nearest_through, rows, stand_ins=originals, k=width, hops=0, threads=threads)
        graph, known = self._still_there(before, same, moved)
        found = through(graph, known=known)
        bounds = np.zeros(n, dtype=np.float32)
        bounds[same] = self.bounds[before[same]] + moved[same] + moved[same].max(initial=0)
        sure = (found.cosines > bounds[:, None]).sum(axis=1) >= self.k
        again = ~kept | (~sure & (bounds > 0))
        bounds[again] = 0
        near = nearest(rows, originals, k=width, floor=bounds, fresh=again, threads=threads, progress=progress)
        # Each cosine is taken in one way, whichever search came upon the pair: the last bit decides between equals.
        unknown = np.full_like(near.cosines, np.nan)
        found = through(np.hstack((found.indices, near.indices)), known=np.hstack((found.cosines, unknown)))
        return Kin(found, np.maximum(bounds, _last(found)), self.k)

    def _still_there(
        self, before: NDArray[np.int64], same: NDArray[np.integer], moved: NDArray[np.floating]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return who of the kin of the same articles is the same too, and their cosines; NaN where one has moved."""
        n, width = len(before), self.found.indices.shape[1]
        now = np.full(len(self.bounds) + 1, -1, dtype=np.int32)  # the last for -1
        now[before[same]] = same
        graph, known = np.full((n, width), -1, dtype=np.int32), np.full((n, width), np.nan, dtype=np.float32)
        graph[same] = now[self.found.indices[before[same]]]
        still = (moved[same, None] == 0) & (moved[graph[same]] == 0)
        known[same] = np.where(still, self.found.cosines[before[same]], np.nan)
        return graph, known


def _last(found: Neighbours) -> NDArray[np.float32]:
    """Return what nobody else is nearer than; 0 where there is nobody else."""
    last = found.cosines[:, -1]
    return np.where(last > 0, last + np.float32(_ROUNDING), 0)
