"""Expansion: each article's words joined by those of its nearest, so that two that word it differently still meet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.related.neighbours import COMPILED, Neighbours
from recommender.text.rows import unit_rows

__all__ = ["Expansion"]

_BLOCK = 1024


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
        n, blocks = rows.shape[0], [rows[:0]]
        expand = self._expand_compiled if COMPILED else self._expand_slowly
        with ThreadPoolExecutor(threads) as pool:
            for block in pool.map(partial(expand, rows, neighbours), range(0, n, _BLOCK)):
                blocks.append(unit_rows(block))
                progress(min((len(blocks) - 1) * _BLOCK, n))
        return csr_matrix(vstack(blocks), dtype=np.float32)

    def _expand_slowly(self, rows: csr_matrix, neighbours: Neighbours, start: int) -> csr_matrix:
        block = slice(start, start + _BLOCK)
        near = neighbours.cosines[block]
        expanded = (
            self.own * rows[block]
            + self.near * _centroids(rows, neighbours.indices[block, : self.nearest], near[:, : self.nearest] ** 2)
            + self.wide * _centroids(rows, neighbours.indices[block, : self.widest], near[:, : self.widest])
        )
        return _heaviest(csr_matrix(expanded), self.terms)

    def _expand_compiled(self, rows: csr_matrix, neighbours: Neighbours, start: int) -> csr_matrix:
        from recommender.related.compiled import expand_rows  # noqa: PLC0415 - takes a second

        block = slice(start, min(start + _BLOCK, rows.shape[0]))
        kin, cosines = neighbours.indices[block, : self.widest], neighbours.cosines[block, : self.widest]
        counts, terms = np.zeros(len(kin), dtype=np.int64), np.zeros((len(kin), self.terms), dtype=np.int32)
        weights = np.zeros(terms.shape, dtype=np.float32)
        parts, shares = (rows.indptr, rows.indices, rows.data), (self.own, self.near, self.wide)
        expand_rows(parts, rows.shape[1], start, kin, cosines, shares, self.nearest, (counts, terms, weights))
        there = np.arange(self.terms) < counts[:, None]
        starts = np.concatenate(([0], np.cumsum(counts)))
        return csr_matrix((weights[there], terms[there], starts), shape=(len(kin), rows.shape[1]))


def _centroids(rows: csr_matrix, indices: NDArray[np.int32], weights: NDArray[np.float32]) -> csr_matrix:
    there = indices >= 0
    starts = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    chosen = csr_matrix((weights[there], indices[there], starts), shape=(len(indices), rows.shape[0]))
    return unit_rows(chosen @ rows)


def _heaviest(rows: csr_matrix, count: int) -> csr_matrix:
    """Keep the ``count`` heaviest entries of each row, in the order of their columns."""
    kept = []
    for start, stop in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        if stop - start > count:
            heaviest = np.argpartition(-rows.data[start:stop], count)[:count]
            kept.append(np.sort(heaviest + start))
        else:
            kept.append(np.arange(start, stop))
    chosen = np.concatenate(kept) if kept else np.empty(0, dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum([len(some) for some in kept])))
    trimmed = csr_matrix((rows.data[chosen], rows.indices[chosen], starts), shape=rows.shape)
    trimmed.sort_indices()
    return trimmed
