"""Text into the words that carry its subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

import regex
import Stemmer
import stopwordsiso

__all__ = ["Words", "primary", "stop_words"]

_PART = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*+"
# A number has few commas and points: a long row of numbers must not be read anew from each of them.
_WORD = regex.compile(rf"\p{{N}}++(?:[.,]\p{{N}}++){{0,20}}+(?![\p{{L}}\p{{N}}]|[.,]\p{{N}})|{_PART}(?:[.-]{_PART})*+")
# The same where all letters are ASCII, at twice the speed. No group is possessive: Python's own are wrong up to 3.11.4.
_ASCII_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+){0,20}(?![a-z0-9]|[.,][0-9])|[a-z0-9]+(?:[.-][a-z0-9]+)*")
# Scripts that put no spaces between words: their runs are cut into pairs of characters.
_RUN = regex.compile(r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]++)")

_REMEMBERED = 200_000
"""Words of a language whose stems are remembered, some 20 MB."""


class Words:
    """Turns text into words, each given by the number of its stem, and remembers how each was written.

    A word is a run of letters and digits, with hyphens and points within ("covid-19", "u.s") and commas within a
    number; an apostrophe ends it ("O'Brien" gives "brien", "l'eau" "eau"). It is folded to lower case and to its stem,
    by the Snowball stemmer of its language; stop words and single characters are left out. Text in scripts without
    spaces gives every two characters that follow each other.
    """

    def __init__(self) -> None:
        self._stems: dict[str, int] = {"": 0}
        self._written = [""]
        self._numbers: dict[str, _Numbers] = {}

    @property
    def stems(self) -> Sequence[str]:
        """The stems by their number; number 0 is no word."""
        return list(self._stems)

    @property
    def written(self) -> Sequence[str]:
        """How each stem was written where it was first met."""
        return self._written

    def of(self, text: str, language: str) -> list[int]:
        """Return the words of a text in order, as numbers of stems; ``language`` is a BCP 47 tag."""
        code = primary(language)
        if code not in self._numbers:
            self._numbers[code] = _Numbers(code, self._stems, self._written)
        return list(filter(None, map(self._numbers[code].__getitem__, _found(text))))


class _Numbers(dict[str, int]):
    """The number of each word of one language, found when it is first asked for."""

    def __init__(self, code: str, stems: dict[str, int], written: list[str]) -> None:
        super().__init__(dict.fromkeys(stop_words(code), 0))
        self._stem = _stemming(code)
        self._stems = stems
        self._written = written

    def __missing__(self, word: str) -> int:
        stem = self._stem(word)
        number = self._stems.setdefault(stem, len(self._stems)) if len(stem) > 1 else 0
        if number == len(self._written):
            self._written.append(word)
        self[word] = number
        return number


def _found(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    found: list[str] = _WORD.findall(text.casefold())
    return [part for word in found for part in _parted(word)] if _RUN.search(text) else found


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
def _stemming(code: str) -> Callable[[str], str]:
    """Return what gives the stem of a word; it remembers many, since each thousand articles ask for the same again."""
    try:
        stemmer = Stemmer.Stemmer(code, maxCacheSize=0)
    except KeyError:
        return str
    return lru_cache(_REMEMBERED)(stemmer.stemWord)
