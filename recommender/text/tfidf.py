"""Words into TF-IDF rows, with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.text.words import words

__all__ = ["tfidf_rows"]


def tfidf_rows(texts: Iterable[tuple[str, str]], count: int) -> csr_matrix:
    """Weigh the words of every text.

    tf is 1 + ln(occurrences), idf is ln((1 + n) / (1 + df)) + 1 as in scikit-learn; words of a single text are left
    out, since they relate it to nothing. Rows have length 1, so that a product of two is their cosine; the row of a
    text without usable words is empty.

    Parameters
    ----------
    texts : iterable of (str, str)
        Text and language, read once and not kept.
    count : int
        How many texts there are.

    Returns
    -------
    csr_matrix of float32, shape (count, n_words)
    """
    vectorizer = TfidfVectorizer(
        analyzer=lambda item: words(*item), sublinear_tf=True, min_df=min(2, count), dtype=np.float32
    )
    try:
        return csr_matrix(vectorizer.fit_transform(texts))
    except ValueError as error:
        if "vocabulary" not in str(error) and "no terms remain" not in str(error).lower():
            raise
        return csr_matrix(np.zeros((count, 1), dtype=np.float32))
