"""The searches in numpy and scipy, for machines where numba has no wheel: the same, slower."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["nearest_dense", "nearest_masked"]

_DENSE_CELLS = 32_000_000
"""Cells of a dense block: 128 MB."""

Progress = Callable[[int], None]
Found = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Indices and cosines, as `Neighbours` has them."""


def nearest_dense(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    k: int,
    least: NDArray[np.float32],
    fresh: NDArray[np.bool_],
    progress: Progress,
) -> Found:
    """Do what `search` does, by dense blocks of the product."""
    n, done = len(fresh), 0
    found, listed = _none(n, k), originals == np.arange(n)
    for asked, among in ((fresh, listed), (~fresh, listed & fresh)):
        articles, others = np.flatnonzero(asked), np.flatnonzero(among)
        columns = rows[others].T.tocsr()
        for block in _blocks_of(len(articles), len(others)):
            some = articles[block]
            product = (rows[some] @ columns).toarray()
            product[originals[some, None] == others] = 0
            _keep_best(product, others, least[some, None], found, some)
            done += len(some)
            progress(done)
    return found


def nearest_masked(
    rows: csr_matrix,
    graphs: tuple[NDArray[np.int32], NDArray[np.int32], int],
    stand_ins: NDArray[np.int64],
    *,
    k: int,
    least: float,
    progress: Progress,
) -> Found:
    """Do what `closest_of_candidates` does, by dense blocks of the product, of which the others are left out.

    Parameters
    ----------
    graphs : graph, onward, hops
        As there.
    """
    (graph, onward, hops), n = graphs, rows.shape[0]
    steps, firsts, further = _adjacency(graph), _adjacency(graph[:, :hops]), _adjacency(onward)
    found, every = _none(n, k), np.arange(n)
    standing = csr_matrix((np.ones(n, dtype=np.float32), (every, stand_ins)), shape=(n, n))
    for block in _blocks_of(n, n):
        reached = ((steps[block] + firsts[block] @ further) @ standing).toarray() > 0
        reached[stand_ins[block, None] == every] = False
        product = np.where(reached, (rows[block] @ rows.T).toarray(), 0)
        _keep_best(product, every, least, found, block)
        progress(block.stop)
    return found


def _none(n: int, k: int) -> Found:
    return np.full((n, k), -1, dtype=np.int32), np.zeros((n, k), dtype=np.float32)


def _adjacency(graph: NDArray[np.int32]) -> csr_matrix:
    there = graph >= 0
    starts = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    return csr_matrix((np.ones(there.sum(), dtype=np.float32), graph[there], starts), shape=(len(graph),) * 2)


def _blocks_of(n: int, width: int) -> Iterator[slice]:
    size = max(1, min(1024, _DENSE_CELLS // max(1, width)))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def _keep_best(
    product: NDArray[np.float32],
    columns: NDArray[np.integer],
    least: float | NDArray[np.float32],
    found: Found,
    block: slice | NDArray[np.integer],
) -> None:
    indices, cosines = found
    k = min(indices.shape[1], product.shape[1])
    if not k:
        return
    # Of the negated values: argpartition from the other end is 20 times slower on rows full of zeros.
    best = np.argpartition(-product, k - 1, axis=1)[:, :k]
    near = np.take_along_axis(product, best, axis=1)
    order = np.lexsort((best, -near))
    best, near = np.take_along_axis(best, order, axis=1), np.take_along_axis(near, order, axis=1)
    indices[block, :k] = np.where(near >= least, columns[best], -1)
    cosines[block, :k] = np.where(near >= least, near, 0)
