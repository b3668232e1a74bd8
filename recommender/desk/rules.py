"""The rules of a box: which corrections hold in one list, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recommender.answers import BoxName
from recommender.desk.correction import Correction

__all__ = ["NO_RULES", "Rulebook", "Rules"]

_Place = tuple[BoxName, str | None]
"""A box, and whose list or which section's; None: every one."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one list.

    Attributes
    ----------
    pins : mapping of article id to position
        The newest pin first.
    banned : set of str
        Article ids; a ban outdoes everything else.
    factors : mapping of article id to float
        What scores are multiplied by.
    """

    pins: Mapping[str, int] = field(default_factory=dict)
    banned: frozenset[str] = frozenset()
    factors: Mapping[str, float] = field(default_factory=dict)

    def boosted(self, scored: Iterable[tuple[str, float]]) -> Iterable[tuple[str, float]]:
        """Multiply the scores of boosted articles, and put all in the order of their scores again."""
        if not self.factors:
            return scored
        factored = [(article_id, score * self.factors.get(article_id, 1.0)) for article_id, score in scored]
        return sorted(factored, key=lambda item: -item[1])


NO_RULES = Rules()


class Rulebook:
    """The corrections in force at one moment, by the lists in which they hold.

    Of two pins of one article, or two boosts, the newer one counts.

    Parameters
    ----------
    corrections : sequence of Correction
        Those in force, the newest first.
    """

    def __init__(self, corrections: Sequence[Correction] = ()) -> None:
        self._places: dict[_Place, list[Correction]] = {}
        self.sensitive = frozenset(one.article_id for one in corrections if one.kind == "sensitive")
        for one in corrections:
            if one.kind != "sensitive":
                for place in _places(one):
                    self._places.setdefault(place, []).append(one)

    def of(self, box: BoxName, whose: str | None) -> Rules:
        """Return the rules of a list: a Related one by its article, a Trending one by its section key or empty."""
        found = self._places.get((box, None), []) + (self._places.get((box, whose), []) if whose is not None else [])
        if not found:
            return NO_RULES
        oldest_first = sorted(found, key=lambda one: one.made_at)
        banned = frozenset(one.article_id for one in found if one.kind == "ban")
        factors = {one.article_id: one.factor for one in oldest_first if one.factor}
        pins: dict[str, int] = {}
        for one in reversed(oldest_first):
            if one.position and one.article_id not in banned:
                pins.setdefault(one.article_id, one.position)
        return Rules(pins, banned, factors)


def _places(correction: Correction) -> Iterable[_Place]:
    if correction.box != "trending":
        yield "related", correction.beside
    if correction.box != "related":
        yield "trending", correction.section_key
