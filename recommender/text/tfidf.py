"""Fields of words into TF-IDF rows, counted by scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from sklearn.feature_extraction.text import CountVectorizer

from recommender.text.fields import Fields
from recommender.text.rows import unit_rows

__all__ = ["FieldTfidf"]

_NO_WORD = "\n"


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
        The words that stand in two articles or more (in one, where there is only one).
    idf_ : array of float32, shape (n_terms,)
    """

    def __init__(
        self, *, title_weight: float = 0.25, lead_weight: float = 0.5, k1: float = 0.6, b: float = 0.3
    ) -> None:
        self.title_weight = title_weight
        self.lead_weight = lead_weight
        self.k1 = k1
        self.b = b

    def fit_transform(self, articles: Iterable[Fields]) -> csr_matrix:
        """Learn the words and their idf, and return a row for each article.

        Returns
        -------
        csr_matrix of float32, shape (n, n_terms)
            Rows of length 1, so that a product of two is their cosine; a row without usable words is empty.
        """
        counter = CountVectorizer(analyzer=_itself, dtype=np.float32)
        counts = csr_matrix(counter.fit_transform(_parts(articles)))[:-1]
        title, lead, body = (csr_matrix(counts[field::3]) for field in range(3))
        n = title.shape[0]
        df = np.bincount((title + body).indices, minlength=counts.shape[1])
        kept = np.flatnonzero(df >= min(2, n))
        names = counter.get_feature_names_out()
        self.terms_ = [str(names[term]) for term in kept]
        self.idf_ = (np.log((1 + n) / (1 + df[kept])) + 1).astype(np.float32)
        lengths = [np.asarray(part.sum(axis=1), dtype=np.float64).ravel() for part in (title, lead, body)]
        self._mean_lengths = [float(length.mean()) or 1.0 if n else 1.0 for length in lengths]
        return self._weigh([csr_matrix(part[:, kept]) for part in (title, lead, body)], lengths)

    def _weigh(self, fields: Sequence[csr_matrix], lengths: Sequence[NDArray[np.floating]]) -> csr_matrix:
        weights = (self.title_weight, self.lead_weight, 1.0)
        weighed = [
            weight * unit_rows(self._saturated(counts, length / mean) @ diags_array(self.idf_))
            for counts, length, mean, weight in zip(fields, lengths, self._mean_lengths, weights, strict=True)
        ]
        return unit_rows(sum(weighed[1:], start=weighed[0]))

    def _saturated(self, counts: csr_matrix, length: NDArray[np.floating]) -> csr_matrix:
        counts = counts.copy()
        against = np.repeat(self.k1 * (1 - self.b + self.b * length), np.diff(counts.indptr))
        counts.data = counts.data * (self.k1 + 1) / (counts.data + against)
        return counts


def _itself(words: list[str]) -> list[str]:
    return words


def _parts(articles: Iterable[Fields]) -> Iterator[list[str]]:
    for fields in articles:
        yield fields.title
        yield fields.lead
        yield fields.body
    yield [_NO_WORD]  # of no article: the counter refuses texts without any word
