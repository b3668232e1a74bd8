"""Text into the words that carry its subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import regex
import Stemmer
import stopwordsiso

__all__ = ["Words", "primary", "stop_words"]

_PART = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*+"
_WORD = regex.compile(rf"\p{{N}}++(?:[.,]\p{{N}}++)*+(?!\p{{L}})|{_PART}(?:[.-]{_PART})*+")
# Scripts that put no spaces between words: their runs are cut into pairs of characters.
_RUN = regex.compile(r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]++)")


class Words:
    """Turns text into words, and remembers how each was written.

    A word is a run of letters and digits, with hyphens and points within ("covid-19", "u.s") and commas within a
    number; an apostrophe ends it ("O'Brien" gives "brien", "l'eau" "eau"). It is folded to lower case and to its stem,
    by the Snowball stemmer of its language; stop words and single characters are left out. Text in scripts without
    spaces gives every two characters that follow each other.
    """

    def __init__(self) -> None:
        self._stems: dict[str, dict[str, str]] = {}
        self._written: dict[str, str] = {}

    @property
    def written(self) -> Mapping[str, str]:
        """How each stem was written where it was first met."""
        return self._written

    def of(self, text: str, language: str) -> list[str]:
        """Return the words of a text in order; ``language`` is a BCP 47 tag."""
        code = primary(language)
        stems = self._stems.setdefault(code, dict.fromkeys(stop_words(code), ""))
        found = _WORD.findall(text.casefold())
        if not text.isascii() and _RUN.search(text):
            found = [part for word in found for part in _parted(word)]
        for word in set(found).difference(stems):
            stems[word] = self._stem(word, code)
        return [stem for word in found if (stem := stems[word])]

    def _stem(self, word: str, code: str) -> str:
        stemmer = _stemmer(code)
        stem = stemmer.stemWord(word) if stemmer else word
        if len(stem) > 1:
            self._written.setdefault(stem, word)
            return stem
        return ""


def _parted(word: str) -> Iterator[str]:
    """Yield the runs of unspaced script in a word as pairs of characters, and what stands between as it is."""
    for part in _RUN.split(word):
        if len(part) > 2 and _RUN.match(part):  # noqa: PLR2004 - a pair is one already
            yield from (part[at : at + 2] for at in range(len(part) - 1))
        elif part:
            yield part


def primary(language: str) -> str:
    """Return the language of a BCP 47 tag without script and region, in lower case."""
    return language.split("-", maxsplit=1)[0].casefold()


@cache
def stop_words(code: str) -> frozenset[str]:
    """Return the stop words of a language; none where stopwords-iso has no list."""
    found = stopwordsiso.stopwords(code) if stopwordsiso.has_lang(code) else ()
    # The lists spell "isn't" whole; our words end at the apostrophe.
    return frozenset(word for entry in found for word in _WORD.findall(entry.casefold()))


@cache
def _stemmer(code: str) -> Stemmer.Stemmer | None:
    try:
        return Stemmer.Stemmer(code)
    except KeyError:
        return None
