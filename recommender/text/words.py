"""Text into the words that carry its subject."""

from __future__ import annotations

import re
from functools import cache

import stopwordsiso

__all__ = ["stop_words", "words"]

_WORD = re.compile(r"[^\W\d_]{2,}")


def words(text: str, language: str) -> list[str]:
    """Return the words of a text in order, in lower case, without the stop words of its language (BCP 47)."""
    stop = stop_words(language)
    return [word for word in _WORD.findall(text.casefold()) if word not in stop]


@cache
def _primary(language: str) -> str:
    return language.split("-", maxsplit=1)[0].casefold()


def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of a language; none where stopwords-iso has no list."""
    return _stop_words(_primary(language))


@cache
def _stop_words(primary: str) -> frozenset[str]:
    found = stopwordsiso.stopwords(primary) if stopwordsiso.has_lang(primary) else ()
    # The lists spell "isn't" whole; our words end at the apostrophe.
    return frozenset(part for entry in found for part in _WORD.findall(entry.casefold()))
