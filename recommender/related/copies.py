"""Copies: articles that say the same in the same words, of which only one is ever listed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from recommender.article import Article
from recommender.related.neighbours import Neighbours
from recommender.text.plain import plain_text

__all__ = [
    "SKETCH",
    "CopyRule",
    "fingerprint",
    "near_copies",
    "originals",
    "resemblance",
    "sketches",
    "stand_ins",
    "word_hashes",
]

SKETCH = 128
"""Shingles kept of each article."""
_WORDS = 5
_COULD_BE = 0.4
"""Cosine below which no two texts share half of their runs of words, and one headline may be on two articles."""
_PAIRS = 4096
_EMPTY = np.uint32(0xFFFF_FFFF)


def fingerprint(article: Article) -> bytes:
    """Return 16 bytes that two articles share when their bodies differ in nothing but spaces, case and markup.

    An article without a body is compared by title and summary.
    """
    body = plain_text(article.body).split()
    text = body or [*article.title.split(), "\n", *plain_text(article.summary).split()]
    return hashlib.blake2b(" ".join(text).casefold().encode(), digest_size=16).digest()


def originals(fingerprints: Sequence[Hashable], published: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each article the index of the exact copy that stands for it: the newest, then the first.

    Parameters
    ----------
    fingerprints : sequence, length n
    published : array of float, shape (n,)
        Unix seconds.

    Returns
    -------
    array of int, shape (n,)
        An article that is nobody's copy stands for itself.
    """
    newest: dict[Hashable, int] = {}
    for index, mark in enumerate(fingerprints):
        before = newest.setdefault(mark, index)
        if published[index] > published[before]:
            newest[mark] = index
    return np.fromiter((newest[mark] for mark in fingerprints), dtype=np.int64, count=len(fingerprints))


def word_hashes(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return a hash of each word."""
    return np.fromiter((zlib.crc32(word.encode()) for word in words), dtype=np.uint64, count=len(words))


def sketches(texts: Sequence[Sequence[int]], hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the `SKETCH` smallest hashes of the runs of five words in each text (Broder 1997), in order.

    Parameters
    ----------
    texts : sequence of n sequences of int
        The numbers of the words of each.
    hashes : array of uint64
        Of the word of each number, as `word_hashes` gives them.

    Returns
    -------
    array of uint32, shape (n, SKETCH)
        Filled up with the largest number where there are fewer.
    """
    text_of = np.repeat(np.arange(len(texts), dtype=np.uint64), list(map(len, texts)))
    words = hashes[np.fromiter(chain.from_iterable(texts), dtype=np.int64, count=len(text_of))]
    runs = max(0, len(words) - _WORDS + 1)
    mixed = np.zeros(runs, dtype=np.uint64)
    for place in range(_WORDS):  # arithmetic modulo 2^64
        mixed = (mixed + words[place : place + runs] + np.uint64(1)) * np.uint64(0x9E37_79B9_7F4A_7C15)
        mixed ^= mixed >> np.uint64(32)
    whole = text_of[:runs] == text_of[len(words) - runs :]  # the others begin in one text and end in the next
    pairs = np.sort(text_of[:runs][whole] << np.uint64(32) | mixed[whole] >> np.uint64(32))
    pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=~pairs[:1]))]
    of = (pairs >> np.uint64(32)).astype(np.int64)
    places = np.arange(len(of)) - np.searchsorted(of, of)
    smallest = places < SKETCH
    found = np.full((len(texts), SKETCH), _EMPTY)
    found[of[smallest], places[smallest]] = pairs[smallest].astype(np.uint32)
    return found


def resemblance(ones: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Estimate the share of the shingles of either of two sketched texts that both have.

    Parameters
    ----------
    ones, others : array of uint32, shape (m, SKETCH)
        The sketches of m pairs.

    Returns
    -------
    array of float, shape (m,)
    """
    union = np.sort(np.hstack((ones, others)), axis=1)
    again = (union[:, 1:] == union[:, :-1]) & (union[:, 1:] != _EMPTY)
    some = np.flatnonzero(again.any(axis=1))  # most pairs have nothing in common
    union, again, share = union[some], again[some], np.zeros(len(union))
    first = np.hstack((np.ones((len(some), 1), dtype=bool), ~again)) & (union != _EMPTY)
    smallest = np.cumsum(first, axis=1) <= SKETCH
    share[some] = (again & smallest[:, 1:]).sum(axis=1) / (first & smallest).sum(axis=1)
    return share


@dataclass(frozen=True, slots=True)
class CopyRule:
    """When two articles are near-copies: an update, a correction, the same text again.

    Attributes
    ----------
    cosine : float
        Least cosine of their own words, when they were published within `hours` of each other; under one headline
        0.4 is enough.
    hours : float
        Hours.
    shingles : float
        Least resemblance that is enough by itself. 1 or more, and a cosine of 1 or more, switch near-copies off.
    """

    cosine: float = 0.75
    hours: float = 48
    shingles: float = 0.5


def near_copies(
    neighbours: Neighbours,
    sketches: NDArray[np.uint32],
    published: NDArray[np.float64],
    headlines: NDArray[np.integer],
    rule: CopyRule,
) -> csr_array:
    """Find the pairs of near-copies among neighbours.

    Parameters
    ----------
    neighbours : Neighbours
        Of n articles, by their own words.
    sketches : array of uint32, shape (n, SKETCH)
    published : array of float, shape (n,)
        Unix seconds; 0 where no date is known.
    headlines : array of int, shape (n,)
        A number that articles with the same title have in common.

    Returns
    -------
    csr_array of bool, shape (n, n)
        Symmetric; without the diagonal.
    """
    n = len(sketches)
    ones, places = np.nonzero(neighbours.cosines >= min(rule.cosine, _COULD_BE))
    others, cosines = neighbours.indices[ones, places].astype(np.int64), neighbours.cosines[ones, places]
    # Most are a pair from either side.
    _, once = np.unique(np.minimum(ones, others) * n + np.maximum(ones, others), return_index=True)
    ones, others, cosines = ones[once], others[once], cosines[once]
    near = cosines >= rule.cosine
    near |= (headlines[ones] == headlines[others]) & (rule.cosine <= 1)
    near &= (published[ones] > 0) & (np.abs(published[ones] - published[others]) <= rule.hours * 3600)
    unsure = np.flatnonzero(~near)
    for start in range(0, len(unsure), _PAIRS):
        some = unsure[start : start + _PAIRS]
        near[some] = resemblance(sketches[ones[some]], sketches[others[some]]) >= rule.shingles
    pairs = coo_array((np.ones(near.sum(), dtype=bool), (ones[near], others[near])), shape=(n, n)).tocsr()
    return csr_array(pairs + pairs.T)


def stand_ins(exact: NDArray[np.int64], near: csr_array, published: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each article the index of the copy that stands for it: the newest, each of its copies a direct one.

    Parameters
    ----------
    exact : array of int, shape (n,)
        The exact copy that stands for each, as `originals` gives it.
    near : csr_array of bool, shape (n, n)
        Near-copies, as `near_copies` gives them.
    published : array of float, shape (n,)
        Unix seconds.
    """
    every, has_copies = np.arange(len(exact)), np.diff(near.indptr) > 0
    chosen = np.where(has_copies, -1, every)
    for index in np.lexsort((every, -published)):
        if has_copies[index] and exact[index] == index and chosen[index] < 0:
            chosen[index] = index
            copies = near.indices[near.indptr[index] : near.indptr[index + 1]]
            chosen[copies[chosen[copies] < 0]] = index
    return chosen[exact]
