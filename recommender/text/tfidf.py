"""Counted words into TF-IDF rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.text.counts import FIELDS, Counts
from recommender.text.rows import unit_rows

__all__ = ["FieldTfidf", "inverse"]

_BLOCK = 2048
"""Articles weighed at a time: what lies between stays in the processor's cache."""


class FieldTfidf:
    """TF-IDF over title, lead and body, each a vector of length 1, added up with weights.

    Within a field a word that occurs tf times weighs idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean
    length)), the saturation of BM25 (Robertson and Zaragoza 2009); idf is ln((1 + n) / (1 + df)) + 1, as scikit-learn
    has it, over title and body together.

    Parameters
    ----------
    title_weight, lead_weight : float
        Weight of the title's and the lead's vector beside the body's.
    k1, b : float
        How soon repetition counts less, and how much a long text is held against its words.

    Attributes
    ----------
    terms_ : list of str, length n_terms
        The words that stand in two articles or more (in one, where there is only one), those in the most first: what
        is asked for most often lies together. Behind them those that `extended` added.
    idf_ : array of float32, shape (n_terms,)
    mean_lengths_ : array of float64, shape (3,)
        Words of a title, a lead and a body.
    """

    def __init__(
        self, *, title_weight: float = 0.25, lead_weight: float = 0.5, k1: float = 0.6, b: float = 0.3
    ) -> None:
        self.title_weight = title_weight
        self.lead_weight = lead_weight
        self.k1 = k1
        self.b = b

    def fit(self, counts: Counts) -> FieldTfidf:
        """Learn the words and their idf, and how long fields are."""
        kept = _in_order(_in_two(counts), counts)
        self.terms_ = [counts.stems[term] for term in kept]
        self.idf_ = inverse(counts.df[kept], len(counts)).astype(np.float32)
        self.mean_lengths_ = np.array(
            [float(length.mean()) or 1.0 if len(counts) else 1.0 for length in _lengths(counts)]
        )
        return self

    def extended(self, counts: Counts) -> FieldTfidf:
        """Return the same with the words behind its own that two of some articles have by now.

        The words that it knows keep their places and their idf, and fields their mean lengths. Where there are no such
        words, it is the same object.
        """
        known = set(self.terms_)
        more = _in_order((word for word in _in_two(counts) if counts.stems[word] not in known), counts)
        if not more:
            return self
        longer = copy(self)
        longer.terms_ = [*self.terms_, *(counts.stems[word] for word in more)]
        longer.idf_ = np.concatenate((self.idf_, inverse(counts.df[more], len(counts)).astype(np.float32)))
        return longer

    def transform(self, counts: Counts, *, threads: int = 1) -> csr_matrix:
        """Return a row for each article, by the words and the idf learned.

        Returns
        -------
        csr_matrix of float32, shape (n, n_terms)
            Rows of length 1, so that a product of two is their cosine; a row without usable words is empty.
        """
        places = {term: place for place, term in enumerate(self.terms_)}
        columns = np.fromiter((places.get(stem, -1) for stem in counts.stems), np.int32, len(counts.stems))
        fields, lengths = [getattr(counts, name) for name in FIELDS], _lengths(counts)

        def weigh(start: int) -> csr_matrix:
            block = slice(start, start + _BLOCK)
            known = [self._known(field[block], columns) for field in fields]
            return self._weigh(known, [length[block] for length in lengths])

        with ThreadPoolExecutor(threads) as pool:
            return csr_matrix(vstack(list(pool.map(weigh, range(0, max(1, len(counts)), _BLOCK)))))

    def fit_transform(self, counts: Counts) -> csr_matrix:
        """Learn from articles, and return a row for each."""
        return self.fit(counts).transform(counts)

    def _known(self, counts: csr_matrix, columns: NDArray[np.int32]) -> csr_matrix:
        """Return the counts of the words learned, in their columns."""
        found = columns[counts.indices]
        known = found >= 0
        starts = np.concatenate(([0], np.cumsum(known)))[counts.indptr]
        parts = (counts.data[known].astype(np.float32), found[known], starts)
        moved = csr_matrix(parts, shape=(counts.shape[0], len(self.terms_)))
        moved.sort_indices()
        return moved

    def _weigh(self, fields: Sequence[csr_matrix], lengths: Sequence[NDArray[np.floating]]) -> csr_matrix:
        weights = (self.title_weight, self.lead_weight, 1.0)
        weighed = [
            weight * unit_rows(self._saturated(counts, length / mean))
            for counts, length, mean, weight in zip(fields, lengths, self.mean_lengths_, weights, strict=True)
        ]
        return unit_rows(sum(weighed[1:], start=weighed[0]))

    def _saturated(self, counts: csr_matrix, length: NDArray[np.floating]) -> csr_matrix:
        against = np.repeat(self.k1 * (1 - self.b + self.b * length), np.diff(counts.indptr))
        weights = counts.data * (self.k1 + 1) / (counts.data + against) * self.idf_[counts.indices]
        return csr_matrix((weights, counts.indices, counts.indptr), shape=counts.shape)


def inverse(df: NDArray[np.integer], n: int) -> NDArray[np.float64]:
    """Return the idf of words that stand in so many of n articles."""
    idf: NDArray[np.float64] = np.log((1 + n) / (1 + df)) + 1
    return idf


def _in_two(counts: Counts) -> list[int]:
    """Return the words that stand in two articles or more; in one, where there is only one."""
    return np.flatnonzero(counts.df >= min(2, len(counts))).tolist()


def _in_order(words: Iterable[int], counts: Counts) -> list[int]:
    """Return words, those in the most articles first, and of those in as many by the alphabet."""
    spelled = np.array(sorted(words, key=counts.stems.__getitem__), dtype=np.int64)
    ordered: list[int] = spelled[np.argsort(-counts.df[spelled], kind="stable")].tolist()
    return ordered


def _lengths(counts: Counts) -> list[NDArray[np.float64]]:
    return [np.asarray(getattr(counts, name).sum(axis=1), dtype=np.float64).ravel() for name in FIELDS]
