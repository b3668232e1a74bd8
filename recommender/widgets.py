"""The boxes: one answer for each question a page asks, and one for both boxes at once.

A box is filled from what it is about first, then from what readers read, then from the article's section, then from
whatever is newest; each item says which. In the answer for both, each box takes what it is about before either is
filled up, so that filling one never takes from the other what that one is about.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from recommender.answers import BOXES, Box, BoxName, Evidence, Item, RelatedAnswer, TrendingAnswer, WidgetsAnswer
from recommender.article import section_key
from recommender.box_rules import BoxRules
from recommender.card import Card
from recommender.clicks.receipt import Receipt, Receipts
from recommender.desk.rules import Rulebook
from recommender.errors import RedisUnavailable
from recommender.filling import Filling
from recommender.reader import Memory, Reader
from recommender.redis.connection import Guard
from recommender.trending.charts import Question
from recommender.trending.ranks import Chart
from recommender.trending.windows import AUTO, Rank, WindowName

__all__ = ["Boxes"]

T = TypeVar("T")


class Boxes:
    """Answers for both boxes.

    Nothing here raises because of Redis: when it is away, answers are made from what is remembered and are stale.

    Parameters
    ----------
    live, remembering : Reader
        Redis, and what stands in for it.
    memory : Memory
        What ``live`` fills; it knows of when ``remembering`` speaks.
    guard : Guard
        Keeps requests from a Redis that does not answer.
    rulebook : callable
        Returns the editors' corrections in force.
    rules : callable
        Returns how boxes are filled for a variant; None: as the site is set.
    receipts : Receipts
        Names answers, so that clicks can be told by what they were on.
    """

    def __init__(
        self,
        live: Reader,
        remembering: Reader,
        memory: Memory,
        guard: Guard,
        rulebook: Callable[[], Rulebook],
        *,
        rules: Callable[[str | None], BoxRules],
        receipts: Receipts,
    ) -> None:
        self._live = live
        self._remembering = remembering
        self._memory = memory
        self._guard = guard
        self._rulebook = rulebook
        self._rules = rules
        self._receipts = receipts

    def related(
        self,
        article_id: str,
        *,
        limit: int = 6,
        section: str | None = None,
        exclude: Collection[str] = (),
        variant: str | None = None,
    ) -> RelatedAnswer:
        """Answer with ``limit`` related articles, of one section if given, then filled up."""
        rules = self._rules(variant)

        def fill(reader: Reader) -> tuple[Filling, str | None]:
            filling = self._filling(reader, article_id, section, exclude, rules)
            filling.pin("related", limit)
            version = filling.take_related(limit)
            filling.fill("related", limit)
            return filling, version

        started = time.perf_counter()
        (filling, version), stale = self._read(fill, lambda filled: filled[0].empty)
        items = filling.items("related")
        return RelatedAnswer(
            article_id=article_id,
            known=filling.card is not None,
            items=items,
            **self._envelope(started, rules, {"related": items}, stale=stale, version=version),
        )

    def trending(
        self,
        *,
        limit: int = 10,
        window: WindowName | None = None,
        rank: Rank | None = None,
        section: str | None = None,
        tag: str | None = None,
        exclude: Collection[str] = (),
        variant: str | None = None,
    ) -> TrendingAnswer:
        """Answer with ``limit`` articles that readers turn to, of one section or tag if given, then filled up."""
        rules = self._rules(variant)
        window, rank = window or rules.window, rank or rules.rank
        asked = Question(window, rank, section_key(section), section_key(tag))

        def fill(reader: Reader) -> tuple[Filling, Chart]:
            filling = self._filling(reader, None, section, exclude, rules)
            filling.pin("trending", limit)
            chart = filling.take_trending("trending", limit, asked)
            if rank == "rising":
                filling.take_trending("trending", limit, replace(asked, rank="trending"))
            filling.fill("trending", limit, tag=asked.tag)
            return filling, chart

        started = time.perf_counter()
        (filling, chart), stale = self._read(fill, lambda filled: filled[0].empty)
        items = filling.items("trending")
        return TrendingAnswer(
            window=AUTO if window == "auto" and rank == "most_viewed" else window,
            rank=rank,
            section=section,
            tag=tag,
            evidence=Evidence(window=chart.window, views=chart.views, thin=chart.thin),
            items=items,
            **self._envelope(started, rules, {"trending": items}, stale=stale, version=self._memory.version),
        )

    def widgets(
        self,
        article_id: str,
        *,
        related: int = 6,
        trending: int = 5,
        section: str | None = None,
        window: WindowName | None = None,
        rank: Rank | None = None,
        exclude: Collection[str] = (),
        variant: str | None = None,
    ) -> WidgetsAnswer:
        """Answer with both boxes of an article page."""
        rules = self._rules(variant)
        asked = Question(window or rules.window, rank or rules.rank, section_key(section))

        def fill(reader: Reader) -> tuple[Filling, str | None]:
            filling = self._filling(reader, article_id, section, exclude, rules)
            filling.pin("related", related)
            filling.pin("trending", trending)
            version = filling.take_related(related)
            filling.take_trending("trending", trending, asked)
            filling.fill("related", related)
            filling.fill("trending", trending)
            return filling, version

        started = time.perf_counter()
        (filling, version), stale = self._read(fill, lambda filled: filled[0].empty)
        boxes: dict[BoxName, list[Item]] = {name: filling.items(name) for name in BOXES}
        return WidgetsAnswer(
            article_id=article_id,
            known=filling.card is not None,
            related=Box(items=boxes["related"]),
            trending=Box(items=boxes["trending"]),
            **self._envelope(started, rules, boxes, stale=stale, version=version),
        )

    def front(self, per_section: int = 6) -> Mapping[str, list[Card]]:
        """Return the newest articles by the name of their section, the largest section first."""

        def newest(reader: Reader) -> dict[str, list[Card]]:
            ids = {name: reader.latest(key, 0, per_section) for key, name in reader.sections().items()}
            cards = reader.cards([article_id for some in ids.values() for article_id in some])
            return {name: [cards[one] for one in some if one in cards] for name, some in ids.items()}

        return self._read(newest, lambda front: not front)[0]

    def _filling(
        self,
        reader: Reader,
        article_id: str | None,
        section: str | None,
        exclude: Collection[str],
        rules: BoxRules,
    ) -> Filling:
        return Filling(reader, article_id, section, exclude, self._rulebook(), rules=rules)

    def _read(self, fill: Callable[[Reader], T], is_empty: Callable[[T], bool]) -> tuple[T, bool]:
        """Read from Redis, or from what is remembered when it is away or has lost everything; tell which."""
        try:
            with self._guard.calling():
                filled = fill(self._live)
        except RedisUnavailable:
            return fill(self._remembering), True
        if is_empty(filled) and not is_empty(remembered := fill(self._remembering)):
            return remembered, True
        return filled, False

    def _envelope(
        self,
        started: float,
        rules: BoxRules,
        boxes: Mapping[BoxName, Sequence[Item]],
        *,
        stale: bool,
        version: str | None,
    ) -> dict[str, Any]:
        read_at = self._memory.refreshed_at if stale else None
        return {
            "request_id": self._request_id(boxes, rules.variant, stale=stale),
            "generated_at": datetime.fromtimestamp(read_at or time.time(), UTC),
            "stale": stale,
            "model": version,
            "variant": rules.variant,
            "took_ms": round((time.perf_counter() - started) * 1000, 2),
        }

    def _request_id(self, boxes: Mapping[BoxName, Sequence[Item]], variant: str | None, *, stale: bool) -> str:
        """Return the receipt of the lists; of those made without Redis, where its key is, an id that counts nothing."""
        sources = {box: [item.source for item in items] for box, items in boxes.items()}
        if not stale:
            with suppress(RedisUnavailable), self._guard.calling():
                return self._receipts.write(Receipt(time.time(), sources, variant or ""))
        return uuid.uuid4().hex
