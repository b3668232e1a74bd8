"""Rows of a growth: what it holds of one article, its words, its kin, its candidates and list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.model import Model
from recommender.related.neighbours import Neighbours

__all__ = ["Entry", "KinRow", "TermRow", "stacked"]


class TermRow(NamedTuple):
    """The words of one article, and their weights."""

    terms: NDArray[np.int32]
    weights: NDArray[np.float32]


class KinRow(NamedTuple):
    """The kin of one article, nearest first, and the cosine beyond which all are among them; -1 and 0 for no more."""

    others: NDArray[np.int32]
    cosines: NDArray[np.float32]
    bound: float


@dataclass(slots=True)
class Entry:
    """The candidates of one article, best first, and its list; -1 and 0 where there are no more."""

    candidates: NDArray[np.int32]
    cosines: NDArray[np.float32]
    listed: NDArray[np.int32]
    scores: NDArray[np.float32]

    @classmethod
    def blank(cls, model: Model) -> Self:
        """Return an entry as wide as those of a model."""
        candidates, listed = (Neighbours.none(1, some.indices.shape[1]) for some in (model.candidates, model.listed))
        return cls(candidates.indices[0], candidates.cosines[0], listed.indices[0], listed.cosines[0])

    def copy(self) -> Self:
        """Return one that may be changed."""
        return type(self)(
            np.array(self.candidates), np.array(self.cosines), np.array(self.listed), np.array(self.scores)
        )


def stacked(rows: Sequence[TermRow], width: int) -> csr_matrix:
    """Return rows as a matrix."""
    starts = np.concatenate(([0], np.cumsum([len(row.terms) for row in rows], dtype=np.int64)))
    weights = np.concatenate([np.zeros(0, dtype=np.float32), *(row.weights for row in rows)])
    terms = np.concatenate([np.zeros(0, dtype=np.int32), *(row.terms for row in rows)])
    return csr_matrix((weights, terms, starts), shape=(len(rows), width))
