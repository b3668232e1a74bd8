"""The language of an article that does not say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import py3langid

from recommender.text.words import primary, stop_words

__all__ = ["LanguageGuess", "main_language"]

_READ_CHARS = 1000
_SURE = 0.25
"""Share of stop words from which on a text is in a language; running text has 0.4 or so."""
_UNSPACED_FROM = "\u0e00"
"""From Thai on many scripts put no spaces between words, and their stop words are found by character."""


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """Guesses languages on a site: by py3langid (trigrams, 97 languages), checked by their stop words.

    A guess that the stop words do not bear out, as for a list of names, gives way to the site's main language. A text
    with as many stop words of the main language as running text has is in it without further ado, which is quick.

    Attributes
    ----------
    main : str
        ISO 639-1 code of the site's main language.
    """

    main: str = "en"

    def of(self, text: str, given: str | None) -> str:
        """Return the ISO 639-1 code of the language given (BCP 47), else that of the text."""
        if given:
            return primary(given)
        text = text[:_READ_CHARS].casefold()
        pieces = text.split()
        if not text.isascii():
            pieces += filter(_UNSPACED_FROM.__le__, text)
        in_main = _stop_share(pieces, self.main)
        if in_main >= _SURE:
            return self.main
        guess = _identify(text)
        return guess if _stop_share(pieces, guess) > in_main else self.main


def main_language(sample: Iterable[str]) -> str:
    """Return the ISO 639-1 code of the language that most of the texts are in."""
    codes = Counter(_identify(text) for text in sample)
    return codes.most_common(1)[0][0] if codes else "en"


def _stop_share(pieces: Sequence[str], code: str) -> float:
    words = stop_words(code)
    return sum(map(words.__contains__, pieces)) / max(1, len(pieces))


def _identify(text: str) -> str:
    code: str = py3langid.classify(text[:_READ_CHARS])[0]
    return code
