"""The lexicon: what one night learned of a site's words, by which any article becomes a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from recommender.article import Article
from recommender.text.counts import Counts, count
from recommender.text.fields import FieldReader
from recommender.text.tfidf import FieldTfidf, inverse
from recommender.text.words import Words

__all__ = ["Lexicon"]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How articles are read and weighed until that is learned afresh.

    Attributes
    ----------
    reader : FieldReader
        Boilerplate and main language.
    tfidf : FieldTfidf
        Words, idf and mean lengths.
    learned_at : float
        Unix seconds; when the reader was. Words and idf may be younger.
    """

    reader: FieldReader
    tfidf: FieldTfidf
    learned_at: float

    def count(self, articles: Iterable[Article]) -> Counts:
        """Count the words of some articles."""
        words = Words()
        return count([self.reader.read(article, words) for article in articles], words)

    def extended(self, counts: Counts) -> Lexicon:
        """Return the same with the words that two articles have by now, as `FieldTfidf.extended` adds them."""
        longer = self.tfidf.extended(counts)
        return self if longer is self.tfidf else replace(self, tfidf=longer)

    def drift(self, counts: Counts) -> float:
        """Return how far the idf of articles, counted by the same reader, has moved from the idf learned.

        Returns
        -------
        float
            The mean change of a word's idf, as a share of it, over all words in all articles; a word that stands in
            two articles or more and was not learned has changed wholly.
        """
        df = counts.df
        kept = dict(zip(self.tfidf.terms_, self.tfidf.idf_.tolist(), strict=True))
        before = np.fromiter((kept.get(stem, 0.0) for stem in counts.stems), np.float64, len(counts.stems))
        weights = np.where(df >= min(2, len(counts)), df * inverse(df, len(counts)), 0)
        changes = np.abs(1 - before / inverse(df, len(counts)))
        return float((weights * changes).sum() / max(1.0, weights.sum()))

    def rows(self, articles: Iterable[Article]) -> csr_matrix:
        """Return the row of each article, of length 1; words that were not learned do not count."""
        return self.tfidf.transform(self.count(articles))
