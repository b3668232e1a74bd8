"""Expansion: each article's words joined by those of its nearest, so that two that word it differently still meet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.neighbours import COMPILED, Neighbours
from recommender.text.rows import unit_rows

__all__ = ["Expansion"]

_BLOCK = 1024
_TINY = np.finfo(np.float32).tiny

Filled = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]
"""Of some rows how many words are kept, and these with their weights, in order; shapes (b,), (b, terms), (b, terms)."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """Rocchio's expansion (1971) of both sides, without feedback: q' = own q + near C_near(q) + wide C_wide(q).

    A centroid C is of length 1 and over an article's nearest: the few nearest by their squared cosine, which tells
    events apart, and more of them by their cosine, which holds subjects together.

    Parameters
    ----------
    own, near, wide : float
        Weights of an article's own words and of the two centroids.
    nearest, widest : int
        How many articles each centroid is of.
    terms : int
        Words kept of each article, the heaviest.
    """

    own: float = 0.3
    near: float = 0.3
    wide: float = 0.4
    nearest: int = 5
    widest: int = 30
    terms: int = 150

    def expand(
        self,
        rows: csr_matrix,
        neighbours: Neighbours,
        *,
        threads: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> csr_matrix:
        """Return the rows expanded, of length 1.

        Parameters
        ----------
        rows : csr_matrix of float32, shape (n, n_terms)
        neighbours : Neighbours
            Of n articles, at least `widest` wide where there are as many.
        threads : int
            Processor threads to use.
        progress : callable
            Called with the number of articles done.

        Returns
        -------
        csr_matrix of float32, shape (n, n_terms)
        """
        n = rows.shape[0]
        counts, terms = np.zeros(n, dtype=np.int64), np.zeros((n, self.terms), dtype=np.int32)
        weights = np.zeros(terms.shape, dtype=np.float32)
        expand = self._expand_compiled if COMPILED else self._expand_slowly

        def fill(start: int) -> int:
            block = slice(start, min(start + _BLOCK, n))
            expand(rows, neighbours, block, (counts[block], terms[block], weights[block]))
            weights[block] /= np.maximum(np.linalg.norm(weights[block], axis=1, keepdims=True), _TINY)
            return block.stop

        with ThreadPoolExecutor(threads) as pool:
            for done in pool.map(fill, range(0, n, _BLOCK)):
                progress(done)
        there = np.arange(self.terms) < counts[:, None]
        parts = (weights.ravel(), terms.ravel()) if there.all() else (weights[there], terms[there])
        return csr_matrix((*parts, np.concatenate(([0], np.cumsum(counts)))), shape=rows.shape)

    def _expand_slowly(self, rows: csr_matrix, neighbours: Neighbours, block: slice, filled: Filled) -> None:
        near = neighbours.cosines[block]
        expanded = csr_matrix(
            self.own * rows[block]
            + self.near * _centroids(rows, neighbours.indices[block, : self.nearest], near[:, : self.nearest] ** 2)
            + self.wide * _centroids(rows, neighbours.indices[block, : self.widest], near[:, : self.widest])
        )
        counts, terms, weights = filled
        for row, (start, stop) in enumerate(pairwise(expanded.indptr.tolist())):
            cells = np.arange(start, stop)
            if stop - start > self.terms:
                cells = start + np.argpartition(-expanded.data[start:stop], self.terms)[: self.terms]
            cells = cells[np.argsort(expanded.indices[cells])]
            counts[row] = len(cells)
            terms[row, : len(cells)], weights[row, : len(cells)] = expanded.indices[cells], expanded.data[cells]

    def _expand_compiled(self, rows: csr_matrix, neighbours: Neighbours, block: slice, filled: Filled) -> None:
        from recommender.related.compiled import expand_rows  # noqa: PLC0415 - takes a second

        kin, cosines = neighbours.indices[block, : self.widest], neighbours.cosines[block, : self.widest]
        parts, shares = (rows.indptr, rows.indices, rows.data), (self.own, self.near, self.wide)
        expand_rows(parts, rows.shape[1], block.start, kin, cosines, shares, self.nearest, filled)


def _centroids(rows: csr_matrix, indices: NDArray[np.int32], weights: NDArray[np.float32]) -> csr_matrix:
    there = indices >= 0
    starts = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    chosen = csr_matrix((weights[there], indices[there], starts), shape=(len(indices), rows.shape[0]))
    return unit_rows(chosen @ rows)
