"""Exact copies: articles with the same words in their bodies, of which only one is ever listed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.article import Article
from recommender.text.plain import plain_text

__all__ = ["fingerprint", "originals"]


def fingerprint(article: Article) -> bytes:
    """Return 16 bytes that two articles share when their bodies differ in nothing but spaces, case and markup.

    An article without a body is compared by title and summary.
    """
    body = plain_text(article.body).split()
    text = body or [*article.title.split(), "\n", *plain_text(article.summary).split()]
    return hashlib.blake2b(" ".join(text).casefold().encode(), digest_size=16).digest()


def originals(fingerprints: Sequence[bytes], published: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each article the index of the copy that stands for it: the newest, then the first.

    Parameters
    ----------
    fingerprints : sequence of bytes, length n
    published : array of float, shape (n,)
        Unix seconds.

    Returns
    -------
    array of int, shape (n,)
        An article that is nobody's copy stands for itself.
    """
    newest: dict[bytes, int] = {}
    for index, mark in enumerate(fingerprints):
        before = newest.setdefault(mark, index)
        if published[index] > published[before]:
            newest[mark] = index
    return np.fromiter((newest[mark] for mark in fingerprints), dtype=np.int64, count=len(fingerprints))
