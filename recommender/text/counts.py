"""How often each word stands in each field of some articles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.text.fields import Fields
from recommender.text.rows import rows_at
from recommender.text.words import Words

__all__ = ["FIELDS", "Counts", "count", "gathered"]

FIELDS = ("title", "lead", "body")
_MOST = 30_000
"""More is not counted, so that the sum of two fields still fits."""
_BLOCK = 2048
_CELLS = 1 << 18
"""Articles, and cells of a matrix, looked at together: what lies between stays in the processor's cache."""


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
        df = np.zeros(len(self.stems), dtype=np.int64)
        for start in range(0, len(self), _BLOCK):
            block = slice(start, start + _BLOCK)
            df += np.bincount((self.title[block] + self.body[block]).indices, minlength=len(df))
        return df

    def having(self, words: Collection[str]) -> NDArray[np.bool_]:
        """Tell which articles have any of some words, given by their stems; shape (n,)."""
        wanted = np.fromiter((stem in words for stem in self.stems), dtype=bool, count=len(self.stems))
        found = np.zeros(len(self), dtype=bool)
        for part in (self.title, self.body):  # the lead is of the body
            found[np.searchsorted(part.indptr, np.flatnonzero(wanted[part.indices]), side="right") - 1] = True
        return found


def count(articles: Iterable[Fields], words: Words) -> Counts:
    """Count the words of articles, which were read with ``words``."""
    articles = list(articles)
    stems, written = words.stems[1:], words.written[1:]  # number 0 is no word
    parts = [_counted([getattr(fields, name) for fields in articles], len(stems)) for name in FIELDS]
    return Counts(stems, written, *parts)


def gathered(several: Sequence[Counts], places: NDArray[np.integer]) -> Counts:
    """Return the counts of articles of several, given by their places among all, and of no other words than theirs."""
    first, *others = several
    numbers, written, columns = dict(zip(first.stems, range(len(first.stems)), strict=True)), [*first.written], []
    for counts in others:
        columns.append(
            np.fromiter((numbers.setdefault(stem, len(numbers)) for stem in counts.stems), np.int32, len(counts.stems))
        )
        written += [word for word, at in zip(counts.written, columns[-1].tolist(), strict=True) if at >= len(written)]
    fields, stands = [], np.zeros(len(numbers), dtype=bool)
    for name in FIELDS:
        here, *rest = (getattr(counts, name) for counts in several)
        moved = [(part.data, at[part.indices], part.indptr) for part, at in zip(rest, columns, strict=True)]
        fields.append(rows_at([(here.data, here.indices, here.indptr), *moved], places))
        stands[fields[-1][1]] = True
    stems, kept, renumbered = list(numbers), np.flatnonzero(stands).tolist(), np.cumsum(stands, dtype=np.int32) - 1
    for _, cells, _ in fields:
        for start in range(0, len(cells), _CELLS):
            cells[start : start + _CELLS] = renumbered[cells[start : start + _CELLS]]
    parts = [csr_matrix(field, shape=(len(places), len(kept))) for field in fields]
    return Counts([stems[word] for word in kept], [written[word] for word in kept], *parts)


def _counted(texts: Sequence[Sequence[int]], n_words: int) -> csr_matrix:
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    words = np.fromiter(chain.from_iterable(texts), dtype=np.int32, count=int(lengths.sum()))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    counts = csr_matrix((np.ones(len(words), dtype=np.int32), words - 1, starts), shape=(len(texts), n_words))
    counts.sum_duplicates()
    counts.data = np.minimum(counts.data, _MOST).astype(np.uint16)
    return counts
