"""Rows of length 1, whose product is their cosine."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

__all__ = ["unit_rows"]


def unit_rows(rows: Any) -> csr_matrix:
    """Return sparse rows scaled to length 1, in float32; empty ones stay empty, and so does a matrix without cells."""
    return csr_matrix(normalize(rows) if all(rows.shape) else rows, dtype=np.float32)
