"""Kin: the nearest of each article by its own words, kept from night to night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.neighbours import Neighbours, nearest

__all__ = ["Kin"]

_SPARE = 10
"""Kin kept beyond those asked for, so that a few may leave before an article has to be compared with all again."""


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
        return cls(found, found.cosines[:, -1].copy(), k)

    def nearest(self) -> Neighbours:
        """Return the `k` nearest of each."""
        return Neighbours(
            np.ascontiguousarray(self.found.indices[:, : self.k]), np.ascontiguousarray(self.found.cosines[:, : self.k])
        )

    def renewed(
        self,
        before: NDArray[np.int64],
        rows: csr_matrix,
        originals: NDArray[np.int64],
        *,
        threads: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Kin:
        """Return the kin of a changed corpus, the same as `find` would, comparing only what changed.

        Parameters
        ----------
        before : array of int, shape (n,)
            The place each article had, in the same order; -1 for what is new, has changed, or has another original.
        rows, originals, threads, progress :
            As for `nearest`, of the corpus as it is now.
        """
        n, width = rows.shape[0], self.k + _SPARE
        same, fresh = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
        now = np.full(len(self.bounds) + 1, -1, dtype=np.int32)  # the last for -1
        now[before[same]] = same
        stayed = now[self.found.indices[before[same]]]
        near = np.where(stayed >= 0, self.found.cosines[before[same]], 0)
        came = nearest(rows, originals, k=width, floor=0, of=same, among=fresh, threads=threads)
        found, bounds = Neighbours.none(n, width), np.zeros(n, dtype=np.float32)
        bounds[same] = self.bounds[before[same]]
        found.indices[same], found.cosines[same] = _merged(
            np.hstack((stayed, came.indices)), np.hstack((near, came.cosines)), width
        )
        sure = (found.cosines > bounds[:, None]).sum(axis=1)
        again = np.union1d(fresh, same[(sure[same] < self.k) & (bounds[same] > 0)])
        anew = nearest(rows, originals, k=width, floor=0, of=again, threads=threads, progress=progress)
        found.indices[again], found.cosines[again], bounds[again] = anew.indices, anew.cosines, 0
        progress(n)
        return Kin(found, np.maximum(bounds, found.cosines[:, -1]), self.k)


def _merged(
    indices: NDArray[np.int32], cosines: NDArray[np.float32], width: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    order = np.lexsort((indices, -cosines))[:, :width]
    near = np.take_along_axis(cosines, order, axis=1)
    return np.where(near > 0, np.take_along_axis(indices, order, axis=1), -1), near
