"""Filling the boxes of one answer from their sources in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Literal

from recommender.answers import Item, Rank, Source, WindowName
from recommender.article import section_key
from recommender.card import Card
from recommender.desk.rules import Rulebook
from recommender.reader import Reader
from recommender.trending.ranks import trending_scores
from recommender.trending.tempo import Tempo
from recommender.trending.windows import AUTO, WINDOWS

__all__ = ["BoxName", "Filling"]

BoxName = Literal["related", "trending"]

_RANKED_BY_AGE = 200
"""Leaders of the decayed board among which age decides; far more than any box shows."""
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
    now : float
        Unix seconds.
    age_exponent : float
        How age weighs in trending, where a window is asked for.
    """

    def __init__(
        self,
        reader: Reader,
        article_id: str | None,
        section: str | None,
        exclude: Collection[str],
        rulebook: Rulebook,
        *,
        now: float,
        age_exponent: float,
    ) -> None:
        self._reader = reader
        self._now = now
        self._age_exponent = age_exponent
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
            Item(
                position=position,
                id=card.id,
                title=card.title,
                url=card.url,
                section=card.section,
                image_url=card.image_url,
                published_at=card.published_at,
                score=round(score, 6),
                source=source,
            )
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
        version, cosines = self._reader.related(self._article_id or "")
        self._take("related", limit, "related", cosines.items(), self._section)
        return version

    def take_trending(
        self, box: BoxName, limit: int, *, window: WindowName = "auto", rank: Rank = "trending", section: str
    ) -> None:
        """Put what readers turn to into a box, of a section key or (empty) of all."""
        if rank == "most_viewed":
            span = WINDOWS[AUTO if window == "auto" else window]
            scores = self._reader.top("viewed", span, section, limit + len(self._taken) + _SPARE)
        else:
            tempo = self._reader.tempo() if window == "auto" else Tempo(window, self._age_exponent)
            windows = [WINDOWS[name] for name in tempo.boards]
            boards = self._reader.leaders(windows, section, _RANKED_BY_AGE + len(self._taken))
            published = self._reader.published(list({one: None for views in boards.values() for one in views}))
            scores = trending_scores(boards, published, tempo, now=self._now)
        self._take(box, limit, "trending", scores.items(), section)

    def fill(self, box: BoxName, limit: int) -> None:
        """Fill a box up: the related one from what trends in its section, then each from the newest."""
        if box == "related":
            self.take_trending(box, limit, section=self._home)
        if self._home:
            self._take(box, limit, "section", self._latest(self._home), self._home)
        self._take(box, limit, "latest", self._latest(""), "")

    def _take(
        self, box: BoxName, limit: int, source: Source, scored: Iterable[tuple[str, float]], section: str
    ) -> None:
        """Put articles into a box in the order given, boosts aside, until it holds ``limit``."""
        content, rules = self._boxes[box], self._rules[box]
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
            shown = [card for article_id in page if (card := cards.get(article_id)) and self._fits(card, box, section)]
            for card in shown[: limit - len(content)]:
                content.append((card, page[card.id], source))
                self._taken.add(card.id)

    def _fits(self, card: Card, box: BoxName, section: str) -> bool:
        if section and card.section_key != section:
            return False  # it has moved since it was listed there
        if not card.sensitive and card.id not in self._sensitive:
            return True
        beside = self.card.section_key if self.card else ""
        return box == "related" and bool(beside) and card.section_key == beside

    def _latest(self, section: str) -> Iterator[tuple[str, float]]:
        start = 0
        while ids := self._reader.latest(section, start, _PAGE):
            yield from ((article_id, 0.0) for article_id in ids)
            start += len(ids)
