"""What Trending was: the list of a past moment, and the most viewed of a day or week, as the history tells."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from cachetools import TTLCache

from recommender.answers import Item, PastAnswer, Rank, WindowName
from recommender.article import section_key
from recommender.batched import batched
from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.desk.rules import Rulebook
from recommender.trending.calendar import Period, bounds
from recommender.trending.counters import Counters
from recommender.trending.ranks import trending_scores
from recommender.trending.tempo import Tempo
from recommender.trending.windows import AUTO, SPANS, WINDOWS

__all__ = ["Past"]

_LEADERS = 1000
"""Of each list of the past; more than any answer shows, whatever section it is of."""
_PAGE = 100
_REMEMBERED_S = 30
"""Seconds for which a list of the past is remembered; the span under way still grows."""
_LISTS = 100

Scores = Mapping[str, float]


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
    age_exponent : float
        How age weighs, where a window is asked for.
    zone : ZoneInfo
        In which days begin.
    """

    def __init__(
        self,
        counters: Counters,
        catalogue: Catalogue,
        rulebook: Callable[[], Rulebook],
        *,
        age_exponent: float,
        zone: ZoneInfo,
    ) -> None:
        self._counters = counters
        self._catalogue = catalogue
        self._rulebook = rulebook
        self._age_exponent = age_exponent
        self._zone = zone
        self._lists: TTLCache[tuple[object, ...], Scores] = TTLCache(_LISTS, _REMEMBERED_S)
        self._mutex = threading.Lock()

    def at(
        self,
        moment: float,
        *,
        window: WindowName = "auto",
        rank: Rank = "trending",
        section: str | None = None,
        limit: int = 10,
        exclude: Collection[str] = (),
    ) -> PastAnswer:
        """Answer with the list of a Unix second, at the resolution that the history has of it.

        Raises
        ------
        redis.exceptions.RedisError
        """
        started, now = time.perf_counter(), time.time()
        name = AUTO if window == "auto" and rank == "most_viewed" else window

        def read() -> Scores:
            if rank == "most_viewed":
                return self._counters.history.top("viewed", WINDOWS[name], moment, now=now)
            tempo = self._counters.choice().tempo if name == "auto" else Tempo(name, self._age_exponent)
            return self._trending(tempo, moment, now)

        scores = self._remembered((rank, name, moment // SPANS[0].seconds), read)
        return PastAnswer(
            window=name,
            rank=rank,
            section=section,
            since=None,
            until=datetime.fromtimestamp(moment, UTC),
            items=self._items(scores, section, limit, exclude),
            **_envelope(started, now),
        )

    def most_viewed(
        self, period: Period, *, section: str | None = None, limit: int = 10, exclude: Collection[str] = ()
    ) -> PastAnswer:
        """Answer with the most viewed of a day or week of the calendar.

        Raises
        ------
        redis.exceptions.RedisError
        """
        started, now = time.perf_counter(), time.time()
        start, end = bounds(period, now, self._zone)

        def read() -> Scores:
            views = self._counters.history.totals(start, end, now=now)
            return {one: some.total for one, some in sorted(views.items(), key=lambda item: (-item[1].total, item[0]))}

        return PastAnswer(
            window=period,
            rank="most_viewed",
            section=section,
            since=datetime.fromtimestamp(start, UTC),
            until=datetime.fromtimestamp(end, UTC),
            items=self._items(self._remembered((period, start), read), section, limit, exclude),
            **_envelope(started, now),
        )

    def _trending(self, tempo: Tempo, moment: float, now: float) -> Scores:
        history = self._counters.history
        boards = {name: history.top("decayed", WINDOWS[name], moment, now=now) for name in tempo.boards}
        leaders = [one for board in boards.values() for one in islice(board, _LEADERS)]
        dates = self._catalogue.published(list(dict.fromkeys(leaders)))
        return trending_scores(boards, dates, tempo, now=moment) if dates else {}

    def _remembered(self, key: tuple[object, ...], read: Callable[[], Scores]) -> Scores:
        with self._mutex:
            scores = self._lists.get(key)
        if scores is None:
            scores = dict(islice(read().items(), _LEADERS))
            with self._mutex:
                self._lists[key] = scores
        return scores

    def _items(self, scores: Scores, section: str | None, limit: int, exclude: Collection[str]) -> list[Item]:
        home, rulebook = section_key(section), self._rulebook()
        hidden = {*exclude, *rulebook.of("trending", home).banned, *rulebook.sensitive}
        shown = (
            card
            for card in self._cards(one for one in scores if one not in hidden)
            if not card.sensitive and home in {"", card.section_key}
        )
        return [
            Item(
                position=position,
                id=card.id,
                title=card.title,
                url=card.url,
                section=card.section,
                image_url=card.image_url,
                published_at=card.published_at,
                score=round(scores[card.id], 6),
                source="trending",
            )
            for position, card in enumerate(islice(shown, limit), start=1)
        ]

    def _cards(self, ids: Iterator[str]) -> Iterator[Card]:
        for page in batched(ids, _PAGE):
            cards = self._catalogue.cards(page)
            yield from (cards[one] for one in page if one in cards)


def _envelope(started: float, now: float) -> dict[str, object]:
    return {
        "request_id": uuid.uuid4().hex,
        "generated_at": datetime.fromtimestamp(now, UTC),
        "stale": False,
        "model": None,
        "took_ms": round((time.perf_counter() - started) * 1000, 2),
    }
