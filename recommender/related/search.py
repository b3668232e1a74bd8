"""The exact search for the nearest, compiled: rows compared block by block. Importing this takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.compiled import BLOCK, Block, compare, sort_found

__all__ = ["Search"]

_CHUNK = 512
_COMMON = 0.12
"""Share of articles from which on a word counts as common."""

Progress = Callable[[int], None]


class Search:
    """Collects the nearest of some rows while these are compared, block by block.

    Parameters
    ----------
    rows : csr_matrix
    names, own : array of int, shape (m,)
        The places of those rows, and the place that each must not have as its neighbour.
    k : int
    least : float
    """

    def __init__(
        self, rows: csr_matrix, names: NDArray[np.integer], own: NDArray[np.integer], k: int, least: float
    ) -> None:
        self._common = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]) > _COMMON * rows.shape[0])
        self._numbers = np.full(rows.shape[1], -1, dtype=np.int32)
        self._numbers[self._common] = np.arange(len(self._common))
        self._rows = csr_matrix(rows[names])
        self._rows.sort_indices()
        self._names = names.astype(np.int32)
        self._own = own.astype(np.int32)
        self._k = k
        self._indices = np.empty((len(names), 2 * k), dtype=np.int32)
        self._cosines = np.empty((len(names), 2 * k), dtype=np.float32)
        self._counts = np.zeros(len(names), dtype=np.int64)
        self._least = np.full(len(names), least, dtype=np.float32)

    def among_themselves(self, threads: int, progress: Progress) -> None:
        """Compare every two rows once."""
        blocks, m = list(self._blocks(self._rows)), len(self._names)

        def meet(one: int, other: int) -> None:
            rows = range(m)[one * BLOCK :][:BLOCK]
            targets = self._names[other * BLOCK :][:BLOCK]
            self._compare(rows.start, rows.stop, blocks[other], other * BLOCK, targets, both=True)

        with ThreadPoolExecutor(threads) as pool:
            for turn in range(len(blocks)):
                # Each block meets one other in each turn, so that no two threads add to one block's lists.
                pairs = [(one, (turn - one) % len(blocks)) for one in range(len(blocks))]
                pairs = [(one, other) for one, other in pairs if one <= other]
                list(pool.map(meet, *zip(*pairs, strict=True)))
                progress(m * (turn + 1) // len(blocks))

    def among(self, rows: csr_matrix, names: NDArray[np.integer], threads: int, progress: Progress) -> None:
        """Compare every row with each of some others."""
        blocks, targets = list(self._blocks(csr_matrix(rows[names]))), names.astype(np.int32)

        def meet(first: int) -> int:
            last = min(first + _CHUNK, len(self._names))
            for number, block in enumerate(blocks):
                some = targets[number * BLOCK :][:BLOCK]
                self._compare(first, last, block, 0, some, both=False)
            return last

        with ThreadPoolExecutor(threads) as pool:
            for done in pool.map(meet, range(0, len(self._names), _CHUNK)):
                progress(done)

    def results(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the indices and cosines of what was found, as `Neighbours` has them."""
        sort_found(self._indices, self._cosines, self._counts, 0, len(self._names))
        there = np.arange(self._k) < self._counts[:, None]
        return np.where(there, self._indices[:, : self._k], -1), np.where(there, self._cosines[:, : self._k], 0)

    def _compare(
        self,
        first: int,
        last: int,
        block: Block,
        offset: int,
        targets: NDArray[np.int32],
        *,
        both: bool,
    ) -> None:
        found = (self._indices, self._cosines, self._counts, self._least)
        rows = (self._rows.indptr, self._rows.indices, self._rows.data)
        compare(rows, first, last, self._names, self._own, found, block, offset, targets, both)

    def _blocks(self, rows: csr_matrix) -> Iterator[Block]:
        for start in range(0, rows.shape[0], BLOCK):
            block = rows[start : start + BLOCK].tocsc()
            common = np.ascontiguousarray(block[:, self._common].toarray().T)
            parts = (block.indptr.astype(np.int64), block.indices.astype(np.uint16), block.data)
            yield *parts, self._numbers, common
