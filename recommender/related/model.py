"""A model: all that one night's lists were ranked by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix

from recommender.related.kin import Kin
from recommender.related.neighbours import COMPILED, Neighbours
from recommender.related.ranking import Candidates, Ranking
from recommender.related.rules import RelatedRules
from recommender.text.lexicon import Lexicon

__all__ = ["CHOSEN", "Candidacy", "Model", "with_chosen"]

_BLOCK = 256
CHOSEN = 10
"""What readers also read, beyond the nearest, that is ranked for a list."""
_DAY_S = 86_400
_NO_LISTS = Neighbours.none(0, 0)


@dataclass(frozen=True, slots=True)
class Candidacy:
    """What became of one article as a candidate for another's list.

    Attributes
    ----------
    relevance, freshness, section, variety : float
        The parts of its score.
    choice, trust : float
        Of readers who read both.
    stories : int
        How many of the list tell its story.
    copy : bool
        Whether it is a copy of the article itself.
    """

    relevance: float
    freshness: float
    section: float
    variety: float
    choice: float
    trust: float
    stories: int
    copy: bool


@dataclass(frozen=True)
class Model:
    """What n articles are ranked by.

    Attributes
    ----------
    ids, sections, languages : sequence of str, length n
        Section keys; ISO 639-1 codes.
    digests : sequence of str, length n
        Of each article's content.
    terms : sequence of str, length n_terms
        Words as people write them.
    lexicon : Lexicon
        How an article becomes a row.
    published : array of float64, shape (n,)
        Unix seconds; 0 where no date is known.
    rows, expanded : csr_matrix of float32, shape (n, n_terms)
        Own words, and with those of the nearest, of length 1.
    originals : array of int, shape (n,)
        The exact copy that stands for each article.
    stand_ins : array of int, shape (n,)
        The copy, exact or near, that stands for each article.
    kin : Kin
        The nearest by own words.
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
    digests: Sequence[str]
    terms: Sequence[str]
    lexicon: Lexicon
    published: NDArray[np.float64]
    rows: csr_matrix
    expanded: csr_matrix
    originals: NDArray[np.int64]
    stand_ins: NDArray[np.int64]
    kin: Kin
    near: csr_array
    choice: csr_array
    trust: csr_array
    candidates: Neighbours
    ranked_at: float
    ranking: Ranking
    listed: Neighbours = _NO_LISTS

    def with_lists(self, progress: Callable[[int], None] = lambda _: None, *, threads: int = 1) -> Model:
        """Rank every article's list, and return the model with them."""
        n = len(self.ids)
        listed = Neighbours.none(n, self.ranking.keep)

        def rank(start: int) -> int:
            block = np.arange(start, min(start + _BLOCK, n))
            lists = self.lists_of(block)
            listed.indices[block], listed.cosines[block] = lists.indices, lists.cosines
            return start + len(block)

        with ThreadPoolExecutor(threads) as pool:
            for done in pool.map(rank, range(0, n, _BLOCK)):
                progress(done)
        return replace(self, listed=listed)

    def by(self, rules: RelatedRules) -> Model:
        """Return the model as others would rank the same candidates; without lists."""
        if rules.readers:
            return replace(self, ranking=rules.ranking, listed=_NO_LISTS)
        none = csr_array(self.choice.shape, dtype=self.choice.dtype)
        return replace(self, ranking=rules.ranking, choice=none, trust=none, listed=_NO_LISTS)

    def lists_of(self, block: NDArray[np.int64]) -> Neighbours:
        """Rank the lists of some articles, given by index; scores stand in place of cosines."""
        others = self.candidates.indices[block]
        order, scores = self._rank(block, others, self.candidates.cosines[block])
        chosen = np.take_along_axis(others, np.maximum(order, 0), axis=1)
        return Neighbours(np.where(order >= 0, chosen, -1).astype(np.int32), scores)

    def _rank(
        self, block: NDArray[np.int64], others: NDArray[np.int32], cosines: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the places and scores of the list of each of some articles."""
        candidates = self._candidates_of(block, others, cosines)
        if not COMPILED:
            ranked = self.ranking.rank(candidates, *self._likeness_of(others))
            return ranked.order, ranked.scores
        from recommender.related.compiled import take_greedily  # noqa: PLC0415 - takes a second

        way, rows, kin = self.ranking, self.rows, self.kin
        order = np.full((len(block), way.keep), -1, dtype=np.int64)
        scores = np.zeros(order.shape, dtype=np.float32)
        take_greedily(
            (rows.indptr, rows.indices, rows.data),
            rows.shape[1],
            (kin.found.indices, kin.found.cosines, kin.bounds),
            others,
            way.merit(candidates).astype(np.float64),
            self.published[others],
            way.variety,
            way.story_most,
            way.story_cosine,
            way.story_days * _DAY_S,
            order,
            scores,
        )
        return order, scores

    def candidacy(self, one: int, other: int) -> Candidacy:
        """Look at an article as a candidate for the list of another, both given by index, whether it was one or not."""
        indices, cosines = self.candidates.indices[one], self.candidates.cosines[one]
        if other not in indices:
            cosine = self.expanded[[one]].multiply(self.expanded[[other]]).sum()
            indices, cosines = np.append(indices, other), np.append(cosines, cosine)
        place = int(np.flatnonzero(indices == other)[0])
        candidates = self._candidates_of(np.array([one]), indices[None], cosines[None])
        ranked = self.ranking.rank(candidates, *self._likeness_of(indices[None]))
        return Candidacy(
            relevance=float(ranked.relevance[0, place]),
            freshness=float(ranked.freshness[0, place]),
            section=float(ranked.section[0, place]),
            variety=float(ranked.variety[0, place]),
            choice=float(candidates.choice[0, place]),
            trust=float(candidates.trust[0, place]),
            stories=int(ranked.stories[0, place]),
            copy=bool(self.stand_ins[one] == self.stand_ins[other] or self.near[one, other]),
        )

    def worth(self, one: int) -> dict[int, float]:
        """Return the final score of every candidate for an article's list, listed or not; all given by index."""
        indices, cosines = self.candidates.indices[[one]], self.candidates.cosines[[one]]
        ranked = self.ranking.rank(self._candidates_of(np.array([one]), indices, cosines), *self._likeness_of(indices))
        scores = ranked.relevance * ranked.freshness * ranked.section * ranked.variety
        return {
            other: score for other, score in zip(indices[0].tolist(), scores[0].tolist(), strict=True) if other >= 0
        }

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

    def _candidates_of(
        self, block: NDArray[np.int64], others: NDArray[np.int32], cosines: NDArray[np.float32]
    ) -> Candidates:
        pairs = (np.repeat(block, others.shape[1]), others.ravel())
        allowed = (others >= 0) & (self.stand_ins[others] == others) & (others != self.stand_ins[block][:, None])
        allowed &= _values(self.near, pairs, others.shape) == 0
        if self.ranking.one_language:
            allowed &= self._language_numbers[others] == self._language_numbers[block][:, None]
        sections = self._section_numbers[others]
        return Candidates(
            cosines=cosines,
            allowed=allowed,
            ages=np.maximum(self.ranked_at - self.published[others], 0) / _DAY_S,
            same_section=(sections == self._section_numbers[block][:, None]) & (sections > 0),
            choice=_values(self.choice, pairs, others.shape),
            trust=_values(self.trust, pairs, others.shape),
        )

    def _likeness_of(self, others: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return how like each other candidates are, and which tell one story."""
        own = [self.rows[np.maximum(some, 0)] for some in others]
        likeness = np.stack([(some @ some.T).toarray() for some in own])
        published = self.published[others]
        dated = np.where(published > 0, published, np.nan)  # what has no date is not known to tell a story
        apart = np.abs(dated[:, :, None] - dated[:, None, :])
        return likeness, (likeness >= self.ranking.story_cosine) & (apart <= self.ranking.story_days * _DAY_S)


def with_chosen(candidates: Neighbours, expanded: csr_matrix, choice: csr_array) -> Neighbours:
    """Put behind the nearest of each article what its readers chose most often, at most ten of them."""
    if not choice.nnz:
        return candidates
    n = len(candidates.indices)
    indices = np.full((n, CHOSEN), -1, dtype=np.int32)
    cosines = np.zeros((n, CHOSEN), dtype=np.float32)
    for one in np.flatnonzero(np.diff(choice.indptr)):
        row = slice(choice.indptr[one], choice.indptr[one + 1])
        others = choice.indices[row][np.argsort(-choice.data[row], kind="stable")]
        others = others[~np.isin(others, candidates.indices[one])][:CHOSEN]
        indices[one, : len(others)] = others
        cosines[one, : len(others)] = (expanded[others] @ expanded[[one]].T).toarray().ravel()
    return Neighbours(np.hstack((candidates.indices, indices)), np.hstack((candidates.cosines, cosines)))


def _values(
    matrix: csr_array, pairs: tuple[NDArray[np.int64], NDArray[np.int32]], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    if not matrix.nnz:
        return np.zeros(shape, dtype=np.float32)
    return np.asarray(matrix[pairs], dtype=np.float32).reshape(shape)
