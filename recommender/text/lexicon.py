"""The lexicon: what one night learned of a site's words, by which any article becomes a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.sparse import csr_matrix

from recommender.article import Article
from recommender.text.counts import Counts, count
from recommender.text.fields import FieldReader
from recommender.text.tfidf import FieldTfidf
from recommender.text.words import Words

__all__ = ["Lexicon"]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How articles are read and weighed until the words are learned afresh.

    Attributes
    ----------
    reader : FieldReader
        Boilerplate and main language.
    tfidf : FieldTfidf
        Words, idf and mean lengths.
    learned_at : float
        Unix seconds.
    """

    reader: FieldReader
    tfidf: FieldTfidf
    learned_at: float

    def count(self, articles: Iterable[Article]) -> Counts:
        """Count the words of some articles."""
        words = Words()
        return count([self.reader.read(article, words) for article in articles], words)

    def rows(self, articles: Iterable[Article]) -> csr_matrix:
        """Return the row of each article, of length 1; words that were not learned do not count."""
        return self.tfidf.transform(self.count(articles))
