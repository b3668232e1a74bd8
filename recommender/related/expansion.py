"""Expansion: each article's words joined by those of its nearest, so that two that word it differently still meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.related.neighbours import Neighbours
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
        self, rows: csr_matrix, neighbours: Neighbours, progress: Callable[[int], None] = lambda _: None
    ) -> csr_matrix:
        """Return the rows expanded, of length 1.

        Parameters
        ----------
        rows : csr_matrix of float32, shape (n, n_terms)
        neighbours : Neighbours
            Of n articles, at least `widest` wide where there are as many.
        progress : callable
            Called with the number of articles done.

        Returns
        -------
        csr_matrix of float32, shape (n, n_terms)
        """
        blocks = [rows[:0]]
        for start in range(0, rows.shape[0], _BLOCK):
            block = slice(start, start + _BLOCK)
            near = neighbours.cosines[block]
            expanded = (
                self.own * rows[block]
                + self.near * _centroids(rows, neighbours.indices[block, : self.nearest], near[:, : self.nearest] ** 2)
                + self.wide * _centroids(rows, neighbours.indices[block, : self.widest], near[:, : self.widest])
            )
            blocks.append(unit_rows(_heaviest(csr_matrix(expanded), self.terms)))
            progress(min(start + _BLOCK, rows.shape[0]))
        return csr_matrix(vstack(blocks), dtype=np.float32)


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
