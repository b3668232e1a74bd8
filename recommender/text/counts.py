"""How often each word stands in each field of some articles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.text.fields import Fields
from recommender.text.words import Words

__all__ = ["FIELDS", "Counts", "count", "joined"]

FIELDS = ("title", "lead", "body")
_MOST = 30_000
"""More is not counted, so that the sum of two fields still fits."""


@dataclass(frozen=True)
class Counts:
    """The words of n articles, counted.

    Attributes
    ----------
    stems, written : sequence of str, length n_words
        Each word, and how it was written where it was first met.
    title, lead, body : csr_matrix of uint16, shape (n, n_words)
    """

    stems: Sequence[str]
    written: Sequence[str]
    title: csr_matrix
    lead: csr_matrix
    body: csr_matrix

    def __len__(self) -> int:
        """Return the number of articles."""
        return int(self.body.shape[0])

    @cached_property
    def df(self) -> NDArray[np.int64]:
        """In how many articles each word stands, title and body together; shape (n_words,)."""
        both = csr_matrix(self.title + self.body)
        return np.bincount(both.indices, minlength=len(self.stems))

    def having(self, words: Collection[str]) -> NDArray[np.bool_]:
        """Tell which articles have any of some words, given by their stems; shape (n,)."""
        wanted = np.fromiter((stem in words for stem in self.stems), dtype=bool, count=len(self.stems))
        found = np.zeros(len(self), dtype=bool)
        for part in (self.title, self.body):  # the lead is of the body
            found[np.repeat(np.arange(len(self)), np.diff(part.indptr))[wanted[part.indices]]] = True
        return found

    def take(self, places: NDArray[np.integer]) -> Counts:
        """Return the counts of some of the articles, given by their places, and of no other words than theirs."""
        parts = [csr_matrix(getattr(self, name)[places]) for name in FIELDS]
        there = np.zeros(len(self.stems), dtype=bool)
        for part in parts:
            there[part.indices] = True
        columns = np.cumsum(there, dtype=np.int32) - 1
        kept = np.flatnonzero(there).tolist()
        moved = [
            csr_matrix((part.data, columns[part.indices], part.indptr), shape=(len(places), len(kept)))
            for part in parts
        ]
        return Counts([self.stems[word] for word in kept], [self.written[word] for word in kept], *moved)


def count(articles: Iterable[Fields], words: Words) -> Counts:
    """Count the words of articles, which were read with ``words``."""
    articles = list(articles)
    stems, written = words.stems[1:], words.written[1:]  # number 0 is no word
    parts = [_counted([getattr(fields, name) for fields in articles], len(stems)) for name in FIELDS]
    return Counts(stems, written, *parts)


def joined(several: Sequence[Counts]) -> Counts:
    """Return several counts as one, the articles one after the other."""
    numbers: dict[str, int] = {}
    written: list[str] = []
    columns = []
    for counts in several:
        columns.append(
            np.fromiter((numbers.setdefault(stem, len(numbers)) for stem in counts.stems), np.int32, len(counts.stems))
        )
        written += [word for word, at in zip(counts.written, columns[-1].tolist(), strict=True) if at >= len(written)]
    parts = []
    for name in FIELDS:
        matrices = [getattr(counts, name) for counts in several]
        moved = [
            csr_matrix((part.data, places[part.indices], part.indptr), shape=(part.shape[0], len(numbers)))
            for part, places in zip(matrices, columns, strict=True)
        ]
        parts.append(csr_matrix(vstack(moved)))
    return Counts(list(numbers), written, *parts)


def _counted(texts: Sequence[Sequence[int]], n_words: int) -> csr_matrix:
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    words = np.fromiter(chain.from_iterable(texts), dtype=np.int32, count=int(lengths.sum()))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    counts = csr_matrix((np.ones(len(words), dtype=np.int32), words - 1, starts), shape=(len(texts), n_words))
    counts.sum_duplicates()
    counts.data = np.minimum(counts.data, _MOST).astype(np.uint16)
    return counts
