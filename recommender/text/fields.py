"""An article as fields of words: title, lead and body, cleaned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from recommender.article import Article
from recommender.text.boilerplate import Boilerplate
from recommender.text.language import LanguageGuess
from recommender.text.plain import plain_text
from recommender.text.words import Words

__all__ = ["FieldReader", "Fields"]

_LEAD_WORDS = 40


@dataclass(frozen=True, slots=True)
class Fields:
    """The words of one article.

    Attributes
    ----------
    title, lead, body : list of str
        The lead is the first 40 words of summary and body; the body holds the summary too.
    language : str
        ISO 639-1 code.
    """

    title: list[str]
    lead: list[str]
    body: list[str]
    language: str


class FieldReader:
    """Reads articles of one site into fields.

    Parameters
    ----------
    boilerplate_share : float
        Share of articles from which on a text is boilerplate.

    Attributes
    ----------
    words : Words
        Remembers how each word was written.
    """

    def __init__(self, boilerplate_share: float = 0.02) -> None:
        self.words = Words()
        self._boilerplate = Boilerplate(boilerplate_share)

    def fit(self, sample: Iterable[Article]) -> FieldReader:
        """Learn the site's boilerplate and main language from some of its articles."""
        bodies = [plain_text(article.body) for article in sample]
        self._boilerplate.fit(bodies)
        self._language = LanguageGuess(islice((body for body in bodies if body), 200))
        return self

    def read(self, article: Article) -> Fields:
        """Return the fields of an article."""
        summary = plain_text(article.summary)
        body = self._boilerplate.strip(plain_text(article.body))
        language = self._language.of(body or summary or article.title, article.language)
        words = [*self.words.of(summary, language), *self.words.of(body, language)]
        return Fields(self.words.of(article.title, language), words[:_LEAD_WORDS], words, language)

    def read_all(self, articles: Iterable[Article]) -> Iterator[Fields]:
        """Yield the fields of each article."""
        return map(self.read, articles)
