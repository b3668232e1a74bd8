"""The exact search for the nearest, compiled: rows compared part by part. Importing this takes a second."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.comparison import BLOCK, Part, compare, learn, round_up, sort_found

__all__ = ["search"]

_COMMON = 0.05
"""Share of the rows from which on a word counts as common."""
_CELLS = 1 << 20
"""Of a matrix, counted at a time: what lies between stays small."""


def search(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    k: int,
    least: NDArray[np.float32],
    fresh: NDArray[np.bool_],
    threads: int,
    progress: Callable[[int], None],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the nearest of each row, as `nearest` does, and return their indices and cosines, shape (n, k).

    Every two rows of which one is fresh are compared once, for both.
    """
    order, n_fresh, n = np.argsort(~fresh, kind="stable"), int(fresh.sum()), len(fresh)
    own = originals[order].astype(np.int32)
    names = (np.where(own == order, own, -1).astype(np.int32), own)
    found = (
        np.full((n, k), -1, dtype=np.int32),
        np.zeros((n, k), dtype=np.float32),
        np.zeros(n, dtype=np.int64),
        least[order],
    )
    firsts = _cut(0, n_fresh, max(threads, -(-n_fresh // BLOCK)))
    n_asking = len(firsts)
    firsts += _cut(n_fresh, n, -(-(n - n_fresh) // BLOCK))
    prepare = _Preparing(rows, order, n_fresh)
    locks = [RLock() for _ in firsts]

    def learn_of(one: int) -> None:
        learn(parts[one], parts[(one + n_asking) % len(parts)], names, found)

    def meet(one: int, other: int) -> None:
        # No two threads add to what was found for one part; all take the lesser first, so that none waits for ever.
        with locks[one], locks[other]:
            compare(parts[one], parts[other], names, found)

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(prepare, firsts, [*firsts[1:], n]))
        list(pool.map(learn_of, range(n_asking)))
        pairs = _pairs(n_asking, len(parts))
        for done, _ in enumerate(pool.map(meet, *zip(*pairs, strict=True)), 1):
            progress(n * done // len(pairs))
    sort_found(found)
    indices, cosines = np.empty_like(found[0]), np.empty_like(found[1])
    there = np.arange(k) < found[2][:, None]
    indices[order], cosines[order] = np.where(there, found[0], -1), np.where(there, found[1], 0)
    return indices, cosines


class _Preparing:
    """Makes parts of rows.

    Parameters
    ----------
    rows : csr_matrix
    order : array of int, shape (n,)
        In which they are compared, the fresh first.
    n_fresh : int
        Only words of these count.
    """

    def __init__(self, rows: csr_matrix, order: NDArray[np.integer], n_fresh: int) -> None:
        df, met = np.zeros(rows.shape[1], dtype=np.int64), np.zeros(rows.shape[1], dtype=bool)
        for start in range(0, rows.nnz, _CELLS):
            df += np.bincount(rows.indices[start : start + _CELLS], minlength=len(df))
        met[rows[order[:n_fresh]].indices] = True
        common = met & (df > _COMMON * len(order))
        self._rows = rows
        self._order = order
        self._n_common = max(1, int(common.sum()))
        self._numbers = np.where(common, np.cumsum(common) - 1, np.where(met, -1, -2)).astype(np.int32)

    def __call__(self, first: int, last: int) -> Part:
        """Round rows, and turn them over."""
        some = csr_matrix(self._rows[self._order[first:last]])
        some.sort_indices()
        rounded = round_up((some.indptr, some.indices, some.data), self._numbers)
        _, rare, common, _ = rounded
        postings = csr_matrix(rare[::-1], shape=(last - first, len(self._numbers))).tocsc()
        columns = csr_matrix(common[::-1], shape=(last - first, self._n_common)).toarray(order="F")
        by_words = (postings.indptr, postings.indices.astype(np.uint16), postings.data)
        return first, rounded, by_words, np.ascontiguousarray(columns.T)


def _cut(first: int, last: int, count: int) -> list[int]:
    """Return where parts begin, so many and alike in size."""
    return sorted({*np.linspace(first, last, count, endpoint=False, dtype=np.int64).tolist()})


def _pairs(n_asking: int, n: int) -> list[tuple[int, int]]:
    """Return each part that asks with every other once, in turns in which none meets two, so that few wait."""
    turns = ((one, (turn - one) % n) for turn in range(n) for one in range(n_asking))
    return [(one, other) for one, other in turns if one <= other]
