"""What Trending was: the list of a past moment, and the most viewed of a day or week, as the history tells."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from cachetools import TTLCache

from recommender.answers import Item, PastAnswer
from recommender.article import section_key
from recommender.batched import batched
from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.desk.rules import Rulebook
from recommender.trending.calendar import Period, bounds
from recommender.trending.charts import SHORTEST, ChartRules
from recommender.trending.counters import Counters
from recommender.trending.ranks import RISING, Place, ages_h, rising_places, telling, trending_places
from recommender.trending.tempo import Tempo
from recommender.trending.windows import AUTO, SPANS, WINDOWS, Rank, WindowName

__all__ = ["Past"]

_LEADERS = 1000
"""Of each list of the past; more than any answer shows, whatever section it is of."""
_PAGE = 100
_REMEMBERED_S = 30
"""Seconds for which a list of the past is remembered; the span under way still grows."""
_LISTS = 100

Scores = Mapping[str, float]


class Shown(TypedDict, total=False):
    """What of a list is shown: articles of a section and tag, how many, and which never."""

    section: str | None
    tag: str | None
    limit: int
    exclude: Collection[str]


class Past:
    """Answers what Trending was.

    Only what readers may see now is shown, and nothing is filled up: an article that was withdrawn or banned since
    leaves its place to the next.

    Parameters
    ----------
    counters : Counters
        Their history tells the views, and what ``auto`` stands for.
    catalogue : Catalogue
    rulebook : callable
        Returns the editors' corrections in force.
    rules : ChartRules
        What the site has decided; of the past neither the calm of the list nor the longest stay is told again.
    zone : ZoneInfo
        In which days begin.
    """

    def __init__(
        self,
        counters: Counters,
        catalogue: Catalogue,
        rulebook: Callable[[], Rulebook],
        rules: ChartRules,
        *,
        zone: ZoneInfo,
    ) -> None:
        self._counters = counters
        self._catalogue = catalogue
        self._rulebook = rulebook
        self._rules = rules
        self._zone = zone
        self._lists: TTLCache[tuple[object, ...], Scores] = TTLCache(_LISTS, _REMEMBERED_S)
        self._mutex = threading.Lock()

    def at(
        self, moment: float, *, window: WindowName = "auto", rank: Rank = "trending", **shown: Unpack[Shown]
    ) -> PastAnswer:
        """Answer with the list of a Unix second, at the resolution that the history has of it.

        Raises
        ------
        redis.exceptions.RedisError
        """
        now = time.time()
        name = AUTO if window == "auto" and rank == "most_viewed" else window

        def read() -> Scores:
            if rank == "most_viewed":
                return self._viewed(name, moment, now)
            if rank == "rising":
                return self._rising(SHORTEST if name == "auto" else name, moment, now)
            tempo = (
                self._counters.choice().tempo_by(self._rules.auto)
                if name == "auto"
                else Tempo(name, self._rules.age_exponent)
            )
            return self._trending(tempo, moment, now)

        key = rank, name, moment // SPANS[0].seconds
        return self._answer(key, read, window=name, rank=rank, since=None, until=moment, **shown)

    def most_viewed(self, period: Period, **shown: Unpack[Shown]) -> PastAnswer:
        """Answer with the most viewed of a day or week of the calendar.

        Raises
        ------
        redis.exceptions.RedisError
        """
        now = time.time()
        start, end = bounds(period, now, self._zone)

        def read() -> Scores:
            views = self._counters.history.totals(start, end, now=now)
            return {one: some.total for one, some in sorted(views.items(), key=lambda item: (-item[1].total, item[0]))}

        key = period, start
        return self._answer(key, read, window=period, rank="most_viewed", since=start, until=end, **shown)

    def _answer(
        self,
        key: tuple[object, ...],
        read: Callable[[], Scores],
        *,
        window: str,
        rank: Rank,
        since: float | None,
        until: float,
        section: str | None = None,
        tag: str | None = None,
        limit: int = 10,
        exclude: Collection[str] = (),
    ) -> PastAnswer:
        started = time.perf_counter()
        return PastAnswer(
            request_id=uuid.uuid4().hex,
            generated_at=datetime.now(UTC),
            stale=False,
            model=None,
            variant=None,
            window=window,
            rank=rank,
            section=section,
            tag=tag,
            since=None if since is None else datetime.fromtimestamp(since, UTC),
            until=datetime.fromtimestamp(until, UTC),
            items=self._items(self._remembered(key, read), section, tag, limit, exclude),
            took_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    def _trending(self, tempo: Tempo, moment: float, now: float) -> Scores:
        tempo = replace(tempo, window=self._telling(tempo.window, moment, now))
        boards = self._boards(tempo.boards, moment, now)
        leaders = [one for board in boards.values() for one in islice(board, _LEADERS)]
        dates = self._catalogue.published(list(dict.fromkeys(leaders)))
        return _scores(trending_places(boards, ages_h(dates, moment), tempo, now=moment))

    def _rising(self, window: str, moment: float, now: float) -> Scores:
        window = self._telling(window, moment, now)
        late, usual = self._boards(RISING[window], moment, now).values()
        return _scores(
            rising_places(late, usual, window, least=self._rules.rising_least, prior=self._rules.rising_prior)
        )

    def _telling(self, window: str, moment: float, now: float) -> str:
        return telling(window, lambda name: self._viewed(name, moment, now), self._rules.least_views)[0]

    def _viewed(self, window: str, moment: float, now: float) -> Scores:
        return self._counters.history.top("viewed", WINDOWS[window], moment, now=now)

    def _boards(self, names: Iterable[str], moment: float, now: float) -> dict[str, Scores]:
        history = self._counters.history
        return {name: history.top("decayed", WINDOWS[name], moment, now=now) for name in names}

    def _remembered(self, key: tuple[object, ...], read: Callable[[], Scores]) -> Scores:
        with self._mutex:
            scores = self._lists.get(key)
        if scores is None:
            scores = dict(islice(read().items(), _LEADERS))
            with self._mutex:
                self._lists[key] = scores
        return scores

    def _items(
        self, scores: Scores, section: str | None, tag: str | None, limit: int, exclude: Collection[str]
    ) -> list[Item]:
        home, tag, rulebook = section_key(section), section_key(tag), self._rulebook()
        hidden = {*exclude, *rulebook.of("trending", home).banned, *rulebook.sensitive}
        shown = (
            card
            for card in self._cards(one for one in scores if one not in hidden)
            if not card.sensitive and home in {"", card.section_key} and (not tag or tag in card.tag_keys)
        )
        return [
            Item.of(card, position=position, score=scores[card.id], source="trending")
            for position, card in enumerate(islice(shown, limit), start=1)
        ]

    def _cards(self, ids: Iterator[str]) -> Iterator[Card]:
        for page in batched(ids, _PAGE):
            cards = self._catalogue.cards(page)
            yield from (cards[one] for one in page if one in cards)


def _scores(places: Iterable[Place]) -> Scores:
    return {place.article_id: place.score for place in places}
