"""Rows of length 1, whose product is their cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, linalg
from sklearn.preprocessing import normalize

__all__ = ["distances", "unit_rows"]


def unit_rows(rows: Any) -> csr_matrix:
    """Return sparse rows scaled to length 1, in float32; empty ones stay empty, and so does a matrix without cells."""
    return csr_matrix(normalize(rows) if all(rows.shape) else rows, dtype=np.float32)


def distances(
    rows: csr_matrix, terms: Sequence[str], others: csr_matrix, other_terms: Sequence[str]
) -> NDArray[np.float64]:
    """Return the length of the difference between each row and another, by other terms, in its place; shape (n,)."""
    columns = dict(zip(terms, range(len(terms)), strict=True))
    moved = np.fromiter((columns.setdefault(term, len(columns)) for term in other_terms), np.int32, len(other_terms))
    shape = (rows.shape[0], len(columns))
    here = csr_matrix((rows.data, rows.indices, rows.indptr), shape=shape)
    there = csr_matrix((others.data, moved[others.indices], others.indptr), shape=shape)
    return np.asarray(linalg.norm(here - there, axis=1), dtype=np.float64)
