"""Filling the boxes of one answer from their sources in turn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from recommender.answers import BoxName, Item, Source
from recommender.article import section_key
from recommender.box_rules import BoxRules
from recommender.card import Card
from recommender.desk.rules import Rulebook
from recommender.reader import Reader
from recommender.trending.charts import Question
from recommender.trending.ranks import Chart

__all__ = ["Filling"]

_SPARE = 8
"""Cards fetched beyond those needed, so that a few that may not be shown cost no second round trip."""
_PAGE = 64
_RANKED = ("related", "trending")
"""Sources whose scores a boost changes; the others go by the clock."""


class Filling:
    """The boxes of one answer while they are being filled; no article goes in twice.

    Parameters
    ----------
    reader : Reader
        Where articles come from.
    article_id : str, optional
        The article being read; it is in no box.
    section : str, optional
        The only section wanted, as far as its articles go.
    exclude : collection of str
        Articles that are in no box.
    rulebook : Rulebook
        The editors' corrections.
    rules : BoxRules
        What is decided about the boxes.
    """

    def __init__(
        self,
        reader: Reader,
        article_id: str | None,
        section: str | None,
        exclude: Collection[str],
        rulebook: Rulebook,
        *,
        rules: BoxRules,
    ) -> None:
        self._reader = reader
        self._box_rules = rules
        self._article_id = article_id
        self.card = reader.cards([article_id]).get(article_id) if article_id else None
        self._section = section_key(section)
        self._home = self._section or (self.card.section_key if self.card else "")
        self._taken = {*exclude, article_id}
        self._sensitive = rulebook.sensitive
        self._rules = {
            "related": rulebook.of("related", article_id),
            "trending": rulebook.of("trending", self._section),
        }
        self._pinned: dict[BoxName, dict[int, Card]] = {"related": {}, "trending": {}}
        self._boxes: dict[BoxName, list[tuple[Card, float, Source]]] = {"related": [], "trending": []}

    def items(self, box: BoxName) -> list[Item]:
        """Return what a box holds."""
        return [
            Item.of(card, position=position, score=score, source=source)
            for position, (card, score, source) in enumerate(self._content(box), start=1)
        ]

    def _content(self, box: BoxName) -> list[tuple[Card, float, Source]]:
        """Return what a box holds, pins in their places; where the others are too few, pins move up."""
        content = list(self._boxes[box])
        for position, card in sorted(self._pinned[box].items()):
            content.insert(position - 1, (card, 0.0, "pinned"))
        return content

    @property
    def empty(self) -> bool:
        """Whether no box holds anything."""
        return not any(self._boxes.values()) and not any(self._pinned.values())

    def pin(self, box: BoxName, limit: int) -> None:
        """Set what editors pinned into the places that nothing else takes; of two in one place the older moves down.

        A box is pinned before any is filled, so that nothing that is pinned stands elsewhere already.
        """
        pins, pinned = self._rules[box].pins, self._pinned[box]
        if not pins:
            return
        cards = self._reader.cards(list(pins))
        for article_id, wanted in pins.items():
            card = cards.get(article_id)
            if card is None or article_id in self._taken or not self._fits(card, box, self._section):
                continue
            if free := next((place for place in range(wanted, limit + 1) if place not in pinned), None):
                pinned[free] = card
                self._taken.add(article_id)

    def take_related(self, limit: int) -> str | None:
        """Put the article's neighbours into the related box; return the version of the lists."""
        version, cosines = self._reader.related(self._article_id or "", self._box_rules.related.variant)
        self._take("related", limit, "related", cosines.items(), self._section)
        return version

    def take_trending(self, box: BoxName, limit: int, asked: Question) -> Chart:
        """Put what readers turn to into a box; return the chart it was taken from."""
        chart = self._reader.chart(replace(asked, rules=self._box_rules.charts))
        scored = ((place.article_id, place.score) for place in chart.places)
        most = None if asked.section or asked.rank == "most_viewed" else self._box_rules.section_most
        self._take(box, limit, "trending", scored, asked.section, tag=asked.tag, section_most=most)
        return chart

    def fill(self, box: BoxName, limit: int, *, tag: str = "") -> None:
        """Fill a box up: the related one from what trends in its section, then each from the newest."""
        if box == "related":
            self.take_trending(box, limit, Question(section=self._home))
        if tag:
            newest = self._newest(functools.partial(self._reader.tagged, tag))
            self._take(box, limit, "latest", newest, self._section, tag=tag)
        if self._home:
            newest = self._newest(functools.partial(self._reader.latest, self._home))
            self._take(box, limit, "section", newest, self._home)
        self._take(box, limit, "latest", self._newest(functools.partial(self._reader.latest, "")))

    def _take(
        self,
        box: BoxName,
        limit: int,
        source: Source,
        scored: Iterable[tuple[str, float]],
        section: str = "",
        *,
        tag: str = "",
        section_most: int | None = None,
    ) -> None:
        """Put articles into a box in the order given, boosts aside, until it holds ``limit``.

        Those of a section of which ``section_most`` are in the box already come after the others.
        """
        content, passed_over = self._boxes[box], list[tuple[Card, float, Source]]()
        rules = self._rules[box]
        limit -= len(self._pinned[box])
        if source in _RANKED:
            scored = rules.boosted(scored)
        waiting = (
            (article_id, score)
            for article_id, score in scored
            if article_id not in self._taken and article_id not in rules.banned
        )
        while len(content) < limit and (page := dict(islice(waiting, limit - len(content) + _SPARE))):
            cards = self._reader.cards(list(page))
            for article_id, score in page.items():
                card = cards.get(article_id)
                if len(content) == limit or not (card and self._fits(card, box, section, tag)):
                    continue
                if section_most and self._of_section(box, card) >= section_most:
                    passed_over.append((card, score, source))
                else:
                    content.append((card, score, source))
        content += passed_over[: max(0, limit - len(content))]
        self._taken.update(card.id for card, _, _ in content)

    def _of_section(self, box: BoxName, card: Card) -> int:
        return sum(card.section_key == other.section_key != "" for other, _, _ in self._boxes[box])

    def _fits(self, card: Card, box: BoxName, section: str, tag: str = "") -> bool:
        if (section and card.section_key != section) or (tag and tag not in card.tag_keys):
            return False  # it has moved since it was listed there
        if not card.sensitive and card.id not in self._sensitive:
            return True
        beside = self.card.section_key if self.card else ""
        return box == "related" and bool(beside) and card.section_key == beside

    def _newest(self, read: Callable[[int, int], list[str]]) -> Iterator[tuple[str, float]]:
        start = 0
        while ids := read(start, _PAGE):
            yield from ((article_id, 0.0) for article_id in ids)
            start += len(ids)
