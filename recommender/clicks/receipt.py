"""Receipts: an answer's ``request_id``, which says what its lists were, signed so that nobody can make one up.

Nothing has to be kept of an answer: where each place of its boxes came from, the ranking variant and the moment are in
the receipt. It names a list and not a reader; behind a shared cache many readers hold the same one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from itsdangerous import BadSignature, Signer

from recommender.answers import BOXES, BoxName, Source
from recommender.redis.salts import Salts

__all__ = ["KEY_LIFE_S", "Receipt", "Receipts"]

_DAY_S = 86_400
_VALID_S = _DAY_S
KEY_LIFE_S = 2 * _DAY_S + 3600
"""A receipt of the last moment of a day is valid for the whole of the next."""

_LETTERS: Mapping[Source, str] = {"pinned": "p", "related": "r", "trending": "t", "section": "s", "latest": "l"}
_SOURCES: Mapping[str, Source] = {letter: source for source, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the lists of one answer were.

    Attributes
    ----------
    made_at : float
        Unix seconds, to the millisecond.
    boxes : mapping
        The source of each place, the first one first, by box; a box that was not asked for has none.
    variant : str
        Of the ranking; empty without an experiment. Letters, digits, ``-`` and ``_`` alone.
    """

    made_at: float
    boxes: Mapping[BoxName, Sequence[Source]]
    variant: str = ""


class Receipts:
    """Writes receipts, and tells which are genuine.

    Parameters
    ----------
    salts : Salts
        The keys of signatures, by day; they have to live for ``KEY_LIFE_S`` seconds.
    """

    def __init__(self, salts: Salts) -> None:
        self._salts = salts

    def write(self, receipt: Receipt) -> str:
        """Return a receipt as some 50 characters that a URL may hold."""
        boxes = (_runs(receipt.boxes.get(box, ())) for box in BOXES)
        body = ".".join((f"{receipt.made_at * 1000:.0f}", *boxes, receipt.variant))
        return self._signer(receipt.made_at).sign(body).decode()

    def read(self, text: str, *, now: float) -> Receipt | None:
        """Return the receipt, or None of what is none of ours, or over a day old at ``now`` (Unix seconds)."""
        try:
            body = self._signer(now).unsign(text).decode()
        except BadSignature:
            return None
        made, related, trending, variant = body.split(".")
        made_at = int(made) / 1000
        if now - made_at > _VALID_S:
            return None
        return Receipt(made_at, {"related": _places(related), "trending": _places(trending)}, variant)

    def _signer(self, now: float) -> Signer:
        """Return what signs with today's key, and knows yesterday's signature too."""
        today = int(now // _DAY_S)
        return Signer([self._salts.of(today - 1), self._salts.of(today)], salt="receipt")


def _runs(sources: Sequence[Source]) -> str:
    """Return sources as letters, each with how often it stands in a row: ``pr5``."""
    rows = ((_LETTERS[source], len(list(row))) for source, row in groupby(sources))
    return "".join(letter if length == 1 else f"{letter}{length}" for letter, length in rows)


def _places(runs: str) -> tuple[Source, ...]:
    found: list[tuple[str, str]] = re.findall(r"([a-z])(\d*)", runs)
    return tuple(_SOURCES[letter] for letter, length in found for _ in range(int(length or 1)))
