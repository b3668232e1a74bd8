"""A model: all that one night's lists were ranked by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix

from recommender.related.neighbours import Neighbours
from recommender.related.ranking import Candidates, Ranked, Ranking

__all__ = ["Model"]

_BLOCK = 256
_DAY_S = 86_400
_NO_LISTS = Neighbours(np.empty((0, 0), dtype=np.int32), np.empty((0, 0), dtype=np.float32))


@dataclass(frozen=True)
class Model:
    """What n articles are ranked by.

    Attributes
    ----------
    ids, sections, languages : sequence of str, length n
        Section keys; ISO 639-1 codes.
    terms : sequence of str, length n_terms
        Words as people write them.
    published : array of float64, shape (n,)
        Unix seconds; 0 where no date is known.
    rows, expanded : csr_matrix of float32, shape (n, n_terms)
        Own words, and with those of the nearest, of length 1.
    stand_ins : array of int, shape (n,)
        The copy that stands for each article.
    near : csr_array of bool, shape (n, n)
        Near-copies.
    choice, trust : csr_array of float32, shape (n, n)
        How strongly readers of one article also read another, and how far that is to be trusted.
    candidates : Neighbours
        The nearest by expanded words, and what readers also read; cosines of expanded words.
    ranked_at : float
        Unix seconds; ages count from here.
    ranking : Ranking
    listed : Neighbours
        The lists that this came to, with scores in place of cosines; empty before `with_lists`.
    """

    ids: Sequence[str]
    sections: Sequence[str]
    languages: Sequence[str]
    terms: Sequence[str]
    published: NDArray[np.float64]
    rows: csr_matrix
    expanded: csr_matrix
    stand_ins: NDArray[np.int64]
    near: csr_array
    choice: csr_array
    trust: csr_array
    candidates: Neighbours
    ranked_at: float
    ranking: Ranking
    listed: Neighbours = _NO_LISTS

    def with_lists(self, progress: Callable[[int], None] = lambda _: None) -> Model:
        """Rank every article's list, and return the model with them."""
        n, keep = len(self.ids), self.ranking.keep
        indices = np.full((n, keep), -1, dtype=np.int32)
        scores = np.zeros((n, keep), dtype=np.float32)
        for start in range(0, n, _BLOCK):
            block = np.arange(start, min(start + _BLOCK, n))
            ranked = self.rank(block)
            chosen = np.take_along_axis(self.candidates.indices[block], np.maximum(ranked.order, 0), axis=1)
            indices[block] = np.where(ranked.order >= 0, chosen, -1)
            scores[block] = ranked.scores
            progress(start + len(block))
        return replace(self, listed=Neighbours(indices, scores))

    def rank(self, block: NDArray[np.int64]) -> Ranked:
        """Rank the candidates of some articles, given by index."""
        return self.ranking.rank(self._candidates_of(block))

    @cached_property
    def places(self) -> dict[str, int]:
        """Index of each article by its id."""
        return {article_id: place for place, article_id in enumerate(self.ids)}

    @cached_property
    def _section_numbers(self) -> NDArray[np.int64]:
        return np.unique(np.array(["", *self.sections]), return_inverse=True)[1][1:]

    @cached_property
    def _language_numbers(self) -> NDArray[np.int64]:
        return np.unique(np.array(self.languages), return_inverse=True)[1]

    def _candidates_of(self, block: NDArray[np.int64]) -> Candidates:
        others = self.candidates.indices[block]
        pairs = (np.repeat(block, others.shape[1]), others.ravel())
        listed = (others >= 0) & ~_values(self.near, pairs, others.shape).astype(bool)
        if self.ranking.one_language:
            listed &= self._language_numbers[others] == self._language_numbers[block][:, None]
        likeness = np.stack([self._likeness(row) for row in others])
        published = self.published[others]
        dated = np.where(published > 0, published, np.nan)  # what has no date is not known to tell a story
        apart = np.abs(dated[:, :, None] - dated[:, None, :])
        sections = self._section_numbers[others]
        return Candidates(
            cosines=np.where(listed, self.candidates.cosines[block], -1),
            ages=np.maximum(self.ranked_at - published, 0) / _DAY_S,
            same_section=(sections == self._section_numbers[block][:, None]) & (sections > 0),
            choice=_values(self.choice, pairs, others.shape),
            trust=_values(self.trust, pairs, others.shape),
            likeness=likeness,
            one_story=(likeness >= self.ranking.story_cosine) & (apart <= self.ranking.story_days * _DAY_S),
        )

    def _likeness(self, others: NDArray[np.int32]) -> NDArray[np.float32]:
        own = self.rows[np.maximum(others, 0)]
        likeness: NDArray[np.float32] = (own @ own.T).toarray()
        return likeness


def _values(
    matrix: csr_array, pairs: tuple[NDArray[np.int64], NDArray[np.int32]], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    if not matrix.nnz:
        return np.zeros(shape, dtype=np.float32)
    return np.asarray(matrix[pairs], dtype=np.float32).reshape(shape)
