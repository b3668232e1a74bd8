"""Rows of length 1, whose product is their cosine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, linalg

__all__ = ["distances", "rows_at", "unit_rows"]

_BLOCK = 2048

Cells = tuple[NDArray[np.number], NDArray[np.int32], NDArray[np.integer]]
"""Data, indices and indptr of a CSR matrix."""


def unit_rows(rows: Any) -> csr_matrix:
    """Return sparse rows scaled to length 1, in float32; empty ones stay empty, and so does a matrix without cells."""
    from sklearn.preprocessing import normalize  # noqa: PLC0415 - takes half a second

    return csr_matrix(normalize(rows) if all(rows.shape) else rows, dtype=np.float32)


def rows_at(matrices: Sequence[Cells], places: NDArray[np.integer]) -> Cells:
    """Return rows of several sparse matrices, given by their places among those of all.

    They are copied run by run: from one night to the next few have changed.

    Parameters
    ----------
    matrices : sequence of data, indices, indptr
        As CSR matrices have them.
    places : array of int, shape (n,)
    """
    lengths = [np.diff(starts) for _, _, starts in matrices]
    firsts = np.cumsum([0, *map(len, lengths)])
    of = np.searchsorted(firsts, places, side="right") - 1
    begins = np.flatnonzero((np.diff(places, prepend=-2) != 1) | (np.diff(of, prepend=-1) != 0))
    runs = [tuple(part[:0] for part in matrices[0][:2])]
    for begin, end in pairwise([*begins.tolist(), len(places)]):
        data, indices, starts = matrices[of[begin]]
        row = places[begin] - firsts[of[begin]]
        cells = slice(starts[row], starts[row + end - begin])
        runs.append((data[cells], indices[cells]))
    data, indices = map(np.concatenate, zip(*runs, strict=True))
    return data, indices, np.concatenate(([0], np.cumsum(np.concatenate(lengths)[places])))


def distances(
    rows: csr_matrix,
    terms: Sequence[str],
    others: csr_matrix,
    other_terms: Sequence[str],
    places: NDArray[np.integer],
    *,
    threads: int = 1,
) -> NDArray[np.float64]:
    """Return how far each row is from another, by other terms: the length of their difference.

    Parameters
    ----------
    rows, others : csr_matrix, shapes (n, n_terms), (m, n_other_terms)
    terms, other_terms : sequence of str
    places : array of int, shape (n,)
        The row of the others that each is compared with; at -1 the distance is 0.
    threads : int
        Processor threads to use.
    """
    columns = dict(zip(terms, range(len(terms)), strict=True))
    moved = np.fromiter((columns.setdefault(term, len(columns)) for term in other_terms), np.int32, len(other_terms))
    lengths = np.zeros(len(places))

    def measure(start: int) -> None:
        some = start + np.flatnonzero(places[start : start + _BLOCK] >= 0)
        here, there, shape = rows[some], others[places[some]], (len(some), len(columns))
        here = csr_matrix((here.data, here.indices, here.indptr), shape=shape)
        there = csr_matrix((there.data, moved[there.indices], there.indptr), shape=shape)
        lengths[some] = linalg.norm(here - there, axis=1)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(measure, range(0, len(places), _BLOCK)))
    return lengths
