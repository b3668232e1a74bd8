"""Boilerplate: what stands in many articles of a site and says nothing about any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import regex

__all__ = ["Boilerplate"]

_DATELINE = regex.compile(r"\A\s*(?=\p{Lu})[^()\n]{0,80}\(([^()\n]{1,40})\)\s*[-\u2013\u2014:]\s+")
_ASIDE = regex.compile(r"\(\s*(\p{L}+\s+\p{L}+)[^()]{0,400}\)")
_SENTENCE = regex.compile(r"[^\n.!?]+(?:[.!?]+(?=\s|\Z)|[.!?]+(?=\S)[^\n.!?]*)*\n?")
_FEWEST = 5
_SHORTEST = 3
"""Spaces in a sentence; a shorter piece between two points is rather an abbreviation."""


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """What to strip from each article of a site.

    Three kinds of text are boilerplate when they stand in a large share of a sample: a sentence, an aside in
    parentheses by its first two words ("(Reporting by ...)"), and a dateline by the agency it names
    ("LONDON (Reuters) -").

    Attributes
    ----------
    pieces : frozenset of (kind, text)
        Text folded, with single spaces.
    """

    pieces: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def learn(cls, bodies: Iterable[str], share: float = 0.02) -> Boilerplate:
        """Learn from bodies in plain text.

        Parameters
        ----------
        bodies : iterable of str
        share : float
            Least share of articles, at least five of them; 1 or more strips nothing.
        """
        seen: Counter[tuple[str, str]] = Counter()
        count = 0
        for count, body in enumerate(bodies, 1):  # noqa: B007 - counted
            seen.update(set(_pieces(body)))
        least = max(_FEWEST, share * count)
        return cls(frozenset(piece for piece, times in seen.items() if times >= least and share < 1))

    def strip(self, body: str) -> str:
        """Return a body in plain text without boilerplate."""
        if not self.pieces:
            return body
        dateline = _DATELINE.match(body)
        if dateline and ("dateline", _key(dateline[1])) in self.pieces:
            body = body[dateline.end() :]
        body = _ASIDE.sub(lambda aside: " " if ("aside", _key(aside[1])) in self.pieces else aside[0], body)
        if all(kind != "sentence" for kind, _ in self.pieces):
            return body
        return _SENTENCE.sub(lambda part: " " if ("sentence", _key(part[0])) in self.pieces else part[0], body)


def _pieces(body: str) -> Iterator[tuple[str, str]]:
    if dateline := _DATELINE.match(body):
        yield "dateline", _key(dateline[1])
        body = body[dateline.end() :]
    for aside in _ASIDE.finditer(body):
        yield "aside", _key(aside[1])
    for sentence in _SENTENCE.finditer(_ASIDE.sub(" ", body)):
        key = _key(sentence[0])
        if key.count(" ") >= _SHORTEST:
            yield "sentence", key


def _key(text: str) -> str:
    return " ".join(text.casefold().split())
