"""An article as fields of words: title, lead and body, cleaned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from recommender.article import Article
from recommender.text.boilerplate import Boilerplate
from recommender.text.language import LanguageGuess, main_language
from recommender.text.plain import plain_text
from recommender.text.words import Words

__all__ = ["FieldReader", "Fields"]

_LEAD_WORDS = 40
_LANGUAGE_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Fields:
    """The words of one article.

    Attributes
    ----------
    title, lead, body : list of int
        Numbers of stems, as `Words` gave them. The lead is the first 40 words of summary and body; the body holds the
        summary too.
    language : str
        ISO 639-1 code.
    """

    title: list[int]
    lead: list[int]
    body: list[int]
    language: str


@dataclass(frozen=True, slots=True)
class FieldReader:
    """Reads articles of one site into fields.

    Attributes
    ----------
    boilerplate : Boilerplate
        What is stripped from every body.
    language : LanguageGuess
        Of articles that do not say it.
    """

    boilerplate: Boilerplate
    language: LanguageGuess

    @classmethod
    def learn(cls, sample: Iterable[Article], boilerplate_share: float = 0.02) -> FieldReader:
        """Learn the site's boilerplate and main language from some of its articles.

        Parameters
        ----------
        sample : iterable of Article
        boilerplate_share : float
            Share of articles from which on a text is boilerplate.
        """
        bodies = [plain_text(article.body) for article in sample]
        some = islice((body for body in bodies if body), _LANGUAGE_SAMPLE)
        return cls(Boilerplate.learn(bodies, boilerplate_share), LanguageGuess(main_language(some)))

    def read(self, article: Article, words: Words) -> Fields:
        """Return the fields of an article, in numbers of ``words``."""
        summary = plain_text(article.summary)
        body = self.boilerplate.strip(plain_text(article.body))
        language = self.language.of(body or summary or article.title, article.language)
        text = [*words.of(summary, language), *words.of(body, language)]
        return Fields(words.of(article.title, language), text[:_LEAD_WORDS], text, language)
