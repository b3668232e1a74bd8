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

Kept = tuple[csr_matrix, NDArray[np.integer]]

Filled = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]
"""Of each row how many words are kept, and these with their weights, in order; shapes (n,), (n, terms), (n, terms)."""


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
        kept: Kept | None = None,
        threads: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> csr_matrix:
        """Return the rows expanded, of length 1.

        Parameters
        ----------
        rows : csr_matrix of float32, shape (n, n_terms)
        neighbours : Neighbours
            Of n articles, at least `widest` wide where there are as many.
        kept : csr_matrix and array of int, shape (n,), optional
            Rows expanded before, by the same words or fewer, and the one among them that each would be; -1 for those to
            expand.
        threads : int
            Processor threads to use.
        progress : callable
            Called with the number of articles done.

        Returns
        -------
        csr_matrix of float32, shape (n, n_terms)
        """
        n = rows.shape[0]
        filled = (
            np.zeros(n, dtype=np.int64),
            np.zeros((n, self.terms), dtype=np.int32),
            np.zeros((n, self.terms), dtype=np.float32),
        )
        counts, terms, weights = filled
        expand = self._expand_compiled if COMPILED else self._expand_slowly
        before, places = kept or (rows[:0], np.full(n, -1))

        def fill(start: int) -> int:
            block = np.arange(start, min(start + _BLOCK, n))
            known = places[block] >= 0
            some = block[~known]
            expand(rows, neighbours, some, filled)
            weights[some] /= np.maximum(np.linalg.norm(weights[some], axis=1, keepdims=True), _TINY)
            _copy(before, places[block[known]], block[known], filled)
            return start + len(block)

        with ThreadPoolExecutor(threads) as pool:
            for done in pool.map(fill, range(0, n, _BLOCK)):
                progress(done)
        there = np.arange(self.terms) < counts[:, None]
        parts = (weights.ravel(), terms.ravel()) if there.all() else (weights[there], terms[there])
        return csr_matrix((*parts, np.concatenate(([0], np.cumsum(counts)))), shape=rows.shape)

    def _expand_slowly(
        self, rows: csr_matrix, neighbours: Neighbours, some: NDArray[np.integer], filled: Filled
    ) -> None:
        indices, near = neighbours.indices[some], neighbours.cosines[some]
        expanded = csr_matrix(
            self.own * rows[some]
            + self.near * _centroids(rows, indices[:, : self.nearest], near[:, : self.nearest] ** 2)
            + self.wide * _centroids(rows, indices[:, : self.widest], near[:, : self.widest])
        )
        counts, terms, weights = filled
        for row, (start, stop) in zip(some.tolist(), pairwise(expanded.indptr.tolist()), strict=True):
            cells = np.arange(start, stop)
            if stop - start > self.terms:
                cells = start + np.argpartition(-expanded.data[start:stop], self.terms)[: self.terms]
            cells = cells[np.argsort(expanded.indices[cells])]
            counts[row] = len(cells)
            terms[row, : len(cells)], weights[row, : len(cells)] = expanded.indices[cells], expanded.data[cells]

    def _expand_compiled(
        self, rows: csr_matrix, neighbours: Neighbours, some: NDArray[np.integer], filled: Filled
    ) -> None:
        from recommender.related.compiled import expand_rows  # noqa: PLC0415 - takes a second

        parts, shares = (rows.indptr, rows.indices, rows.data), (self.own, self.near, self.wide)
        near = (neighbours.indices, neighbours.cosines, self.nearest, self.widest)
        expand_rows(parts, rows.shape[1], some, near, shares, filled)


def _copy(before: csr_matrix, places: NDArray[np.integer], some: NDArray[np.integer], filled: Filled) -> None:
    """Fill in rows that were expanded before, given by their places there."""
    counts, terms, weights = filled
    lengths = np.diff(before.indptr)[places]
    there = np.arange(terms.shape[1]) < lengths[:, None]
    cells = (before.indptr[places][:, None] + np.arange(terms.shape[1]))[there]
    rows, columns = np.nonzero(there)
    counts[some] = lengths
    terms[some[rows], columns], weights[some[rows], columns] = before.indices[cells], before.data[cells]


def _centroids(rows: csr_matrix, indices: NDArray[np.int32], weights: NDArray[np.float32]) -> csr_matrix:
    there = indices >= 0
    starts = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    chosen = csr_matrix((weights[there], indices[there], starts), shape=(len(indices), rows.shape[0]))
    return unit_rows(chosen @ rows)
