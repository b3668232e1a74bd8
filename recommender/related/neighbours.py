"""Rows into neighbours: the exact nearest by cosine, in blocks, without ever holding n x n numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

try:
    from sparse_dot_topn import sp_matmul_topn
except ImportError:  # no wheel for this machine; scipy gives the same, slower
    sp_matmul_topn = None

__all__ = ["Neighbours", "nearest"]

_BLOCK = 1024
_LEAST = 1e-6
"""Cosine below which two articles share nothing, whatever the floor."""
_DENSE_CELLS = 32_000_000
"""Cells of the dense block that scipy's way needs: 128 MB."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest of each of n articles.

    Attributes
    ----------
    indices : array of int32, shape (n, k)
        Nearest first, equals in the order of their index; -1 where there are no more.
    cosines : array of float32, shape (n, k)
        0 where there are no more.
    """

    indices: NDArray[np.int32]
    cosines: NDArray[np.float32]


def nearest(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    k: int,
    floor: float,
    threads: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Neighbours:
    """Find the ``k`` nearest articles of each, exactly.

    Parameters
    ----------
    rows : csr_matrix of float32, shape (n, n_words)
        Of length 1, or empty.
    originals : array of int, shape (n,)
        The copy that stands for each article; others are nobody's neighbour, and it is not its own copies' neighbour.
    k : int
        How many.
    floor : float
        Least cosine, itself included.
    threads : int
        Processor threads to use.
    progress : callable
        Called with the number of articles done.
    """
    n = rows.shape[0]
    listed = np.flatnonzero(originals == np.arange(n)).astype(np.int32)
    columns = rows[listed].T.tocsr()
    columns.sort_indices()
    indices = np.full((n, k), -1, dtype=np.int32)
    cosines = np.zeros((n, k), dtype=np.float32)
    block = _BLOCK if sp_matmul_topn else max(1, min(_BLOCK, _DENSE_CELLS // max(1, len(listed))))
    for start in range(0, n, block):
        stop = min(start + block, n)
        # One more than wanted: an article is nearest to itself, or to its original.
        found, near = _top(rows[start:stop], columns, k + 1, threads)
        found = np.where(found >= 0, listed[found], -1)
        near[(found == originals[start:stop, None]) | (near < max(floor, _LEAST))] = 0
        order = np.lexsort((found, -near))[:, :k]
        near = np.take_along_axis(near, order, axis=1)
        cosines[start:stop, : near.shape[1]] = near
        indices[start:stop, : near.shape[1]] = np.where(near > 0, np.take_along_axis(found, order, axis=1), -1)
        progress(stop)
    return Neighbours(indices, cosines)


def _top(rows: csr_matrix, columns: csr_matrix, k: int, threads: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return columns and values of the ``k`` largest products of each row, in any order; -1 and 0 where fewer."""
    k = min(k, columns.shape[1])
    if sp_matmul_topn is None:
        return _top_dense(rows, columns, k)
    product = sp_matmul_topn(rows, columns, top_n=k, sort=False, n_threads=threads)
    counts = np.diff(product.indptr)
    places = np.arange(product.nnz) - np.repeat(product.indptr[:-1], counts)
    across = np.repeat(np.arange(rows.shape[0]), counts)
    found = np.full((rows.shape[0], k), -1, dtype=np.int64)
    near = np.zeros((rows.shape[0], k), dtype=np.float32)
    found[across, places] = product.indices
    near[across, places] = product.data
    return found, near


def _top_dense(rows: csr_matrix, columns: csr_matrix, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    product = (rows @ columns).toarray()
    # Of the negated values: argpartition from the other end is 20 times slower on rows full of zeros.
    found = np.argpartition(-product, k - 1, axis=1)[:, :k]
    return found, np.take_along_axis(product, found, axis=1)
