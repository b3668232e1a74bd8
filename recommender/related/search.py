"""The exact search for the nearest, compiled: rows compared block by block. Importing this takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.comparison import BLOCK, Block, Rows, compare, learn, round_up, sort_found

__all__ = ["Search"]

_CHUNK = 512
_COMMON = 0.05
"""Share of the others from which on a word counts as common."""

Progress = Callable[[int], None]


class _Words:
    """Which words count when some rows are compared with others, and which of them are common.

    Parameters
    ----------
    asked, others : csr_matrix
        Those whose nearest are searched, and those among which they are; only words that both have count.
    """

    def __init__(self, asked: csr_matrix, others: csr_matrix) -> None:
        met = np.zeros(asked.shape[1], dtype=bool)
        met[asked.indices] = True
        df = np.bincount(others.indices, minlength=others.shape[1])
        kept = met & (df > 0)
        common = kept & (df > _COMMON * others.shape[0])
        self._n_common = max(1, int(common.sum()))
        self._numbers = np.where(common, np.cumsum(common) - 1, np.where(kept, -1, -2)).astype(np.int32)

    def rows(self, rows: csr_matrix) -> Rows:
        """Round rows."""
        exact, rare, common, units = round_up((rows.indptr, rows.indices, rows.data), self._numbers)
        ordered = csr_matrix(exact[::-1], shape=rows.shape)
        ordered.sort_indices()
        return (ordered.indptr, ordered.indices, ordered.data), rare, common, units

    def blocks(self, rows: Rows) -> Iterator[Block]:
        """Cut rows into blocks, each by words."""
        (starts, terms, weights), rare, common, units = rows
        n = len(starts) - 1
        postings = csr_matrix(rare[::-1], shape=(n, len(self._numbers)))
        columns = csr_matrix(common[::-1], shape=(n, self._n_common))
        for start in range(0, n, BLOCK):
            some = postings[start : start + BLOCK].tocsc()
            yield (
                (starts[start : start + BLOCK + 1], terms, weights),
                (some.indptr, some.indices.astype(np.uint16), some.data),
                np.ascontiguousarray(columns[start : start + BLOCK].toarray(order="F").T),
                units[start : start + BLOCK],
            )


class Search:
    """Collects the nearest of some rows while these are compared, block by block.

    Parameters
    ----------
    rows : csr_matrix
    names, own : array of int, shape (m,)
        The places of those rows, and the place that each must not have as its neighbour.
    k : int
    least : array of float32, shape (m,)
        Of each the least cosine that counts.
    """

    def __init__(
        self, rows: csr_matrix, names: NDArray[np.integer], own: NDArray[np.integer], k: int, least: NDArray[np.float32]
    ) -> None:
        self._rows = rows
        self._names = names.astype(np.int32)
        self._own = own.astype(np.int32)
        self._found = (
            np.full((len(names), k), -1, dtype=np.int32),
            np.zeros((len(names), k), dtype=np.float32),
            np.zeros(len(names), dtype=np.int64),
            least.copy(),
        )

    def among_themselves(self, threads: int, progress: Progress) -> None:
        """Compare every two rows once."""
        asked, m = csr_matrix(self._rows[self._names]), len(self._names)
        words = _Words(asked, asked)
        rows = words.rows(asked)
        blocks = list(words.blocks(rows))
        firsts, lasts = range(0, m, BLOCK), [*range(BLOCK, m, BLOCK), m]
        targets = [self._names[start : start + BLOCK] for start in firsts]

        def learn_of(one: int) -> None:
            learn(rows, firsts[one], lasts[one], self._own, self._found, blocks[one], targets[one])

        def meet(one: int, other: int) -> None:
            parts = (self._names, self._own, self._found, blocks[other], firsts[other], targets[other])
            compare(rows, firsts[one], lasts[one], *parts, both=True)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(learn_of, range(len(blocks))))
            for turn in range(len(blocks)):
                # Each block meets one other in each turn, so that no two threads add to one block's lists.
                pairs = [(one, (turn - one) % len(blocks)) for one in range(len(blocks))]
                pairs = [(one, other) for one, other in pairs if one <= other]
                list(pool.map(meet, *zip(*pairs, strict=True)))
                progress(m * (turn + 1) // len(blocks))

    def among(self, names: NDArray[np.integer], threads: int, progress: Progress) -> None:
        """Compare every row with each of some others, whose places are given."""
        asked, others = csr_matrix(self._rows[self._names]), csr_matrix(self._rows[names])
        words = _Words(asked, others)
        rows, blocks = words.rows(asked), list(words.blocks(words.rows(others)))
        targets = [names[start : start + BLOCK].astype(np.int32) for start in range(0, len(names), BLOCK)]

        def meet(first: int) -> int:
            last = min(first + _CHUNK, len(self._names))
            for block, some in zip(blocks[:1], targets, strict=False):
                learn(rows, first, last, self._own, self._found, block, some)
            for block, some in zip(blocks, targets, strict=True):
                parts = (self._names, self._own, self._found, block, 0, some)
                compare(rows, first, last, *parts, both=False)
            return last

        with ThreadPoolExecutor(threads) as pool:
            for done in pool.map(meet, range(0, len(self._names), _CHUNK)):
                progress(done)

    def results(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the indices and cosines of what was found, as `Neighbours` has them."""
        sort_found(self._found)
        indices, cosines, counts, _ = self._found
        there = np.arange(indices.shape[1]) < counts[:, None]
        return np.where(there, indices, -1), np.where(there, cosines, 0)
