"""Charts: what readers turn to, read from the boards in Redis and ranked."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import cast

from cachetools import TTLCache
from redis import Redis
from redis.exceptions import OutOfMemoryError

from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.trending.choice import Auto, Choice
from recommender.trending.counters import Counters
from recommender.trending.ranks import RISING, Chart, Place, ages_h, rising_places, telling, trending_places
from recommender.trending.standing import STANDING_LIFE_S, Standing, StayRules
from recommender.trending.tempo import DAY_S, HOUR_S, PAST_S, Tempo
from recommender.trending.windows import AUTO, WINDOWS, Rank, WindowName

__all__ = ["SHORTEST", "ChartRules", "Charts", "Question"]

_HOURS = DAY_S // HOUR_S
_LEADERS = 200
"""Leaders of a board that are ranked; far more than any box shows."""
_CHOICE_S = 10
"""Seconds for which a process goes by the night's choice that it read."""
SHORTEST = "1h"
"""What ``auto`` stands for where something is rising."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of Trending.

    Attributes
    ----------
    window : str
        As in the address; ``auto`` is the site's own tempo.
    rank : str
    section, tag : str
        Keys; empty for all.
    rules : ChartRules, optional
        A variant's; None: the site's.
    """

    window: WindowName = "auto"
    rank: Rank = "trending"
    section: str = ""
    tag: str = ""
    rules: ChartRules | None = None


@dataclass(frozen=True, slots=True)
class ChartRules:
    """What a site, or a variant, has decided about its charts.

    Attributes
    ----------
    auto : str
        What ``auto`` ranks by.
    age_exponent : float
        How age weighs where a window is asked for.
    least_views : int
        Views in a window from which on it speaks for itself.
    oldest_s : float
        Seconds after publication from which on an article neither trends nor rises; 0: any age.
    rising_least, rising_prior : float
        See `rising_scores`.
    stay : StayRules
        How articles come on the trending list and leave it.
    variant : str
        Whose rules these are, and whose lists are remembered apart; empty: the site's.
    """

    auto: Auto
    age_exponent: float
    least_views: int
    oldest_s: float
    rising_least: float
    rising_prior: float
    stay: StayRules
    variant: str = ""


class Charts:
    """Makes charts.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    counters : Counters
    catalogue : Catalogue
        Knows which articles readers may see, and their dates.
    rules : ChartRules
    """

    def __init__(self, redis: Redis, keys: Keys, counters: Counters, catalogue: Catalogue, rules: ChartRules) -> None:
        self._redis = redis
        self._keys = keys
        self._counters = counters
        self._catalogue = catalogue
        self._rules = rules
        self._choice: TTLCache[None, Choice] = TTLCache(1, _CHOICE_S)
        self._mutex = threading.Lock()

    def read(self, asked: Question, *, now: float) -> Chart:
        """Return what a question asks for; ``now`` is in Unix seconds.

        What is most viewed is counted in the window asked for and in no other. The other ranks go by the next wider
        window while there are too few views to rank by.
        """
        rules = self._rules_of(asked)
        if asked.rank == "most_viewed":
            window = AUTO if asked.window == "auto" else asked.window
            counted = self._viewed(window, asked, now)
            places = [Place(one, views, int(views)) for one, views in counted.items()]
            return _chart(places, counted, (window, window), rules)
        tempo = self._paced(asked, rules)
        window, counted = telling(tempo.window, lambda name: self._viewed(name, asked, now), rules.least_views)
        if asked.rank == "rising":
            places = self._rising(asked, window, counted, now)
        else:
            places = self._trending(asked, replace(tempo, window=window), counted, now)
            if not asked.tag:
                places = self._settled(asked, places, now)
        return _chart(places, counted, (tempo.window, window), rules)

    def hours_listed(self, article_id: str, *, now: float) -> list[int]:
        """Return the Unix seconds at which the hours began in which an article was on the site's trending list.

        Of the last thirty days; the list is the one that a box gets which asks for nothing else, as far as it was asked
        for in that hour.
        """
        days = range(int((now - PAST_S) // DAY_S), int(now // DAY_S) + 1)
        members = [f"{hour} {article_id}" for hour in range(_HOURS)]
        with self._redis.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.smismember(self._keys.listed(day), members)
            found = pipe.execute()
        hours = range(days[0] * _HOURS, (days[-1] + 1) * _HOURS)
        there = itertools.chain.from_iterable(found)
        return [hour * HOUR_S for hour, listed in zip(hours, there, strict=True) if listed]

    def _rules_of(self, asked: Question) -> ChartRules:
        return asked.rules or self._rules

    def _paced(self, asked: Question, rules: ChartRules) -> Tempo:
        if asked.window != "auto":
            return Tempo(asked.window, rules.age_exponent)
        if asked.rank == "rising":
            return Tempo(SHORTEST, 0.0)
        with self._mutex:
            choice = self._choice.get(None)
        if choice is None:
            choice = self._counters.choice()
            with self._mutex:
                self._choice[None] = choice
        return choice.tempo_by(rules.auto)

    def _viewed(self, window: str, asked: Question, now: float) -> Mapping[str, float]:
        return self._counters.top("viewed", WINDOWS[window], asked.section, tag=asked.tag, now=now, count=_LEADERS)

    def _trending(self, asked: Question, tempo: Tempo, counted: Mapping[str, float], now: float) -> list[Place]:
        boards = self._leaders(tempo.boards, asked, now)
        published = self._young([one for views in boards.values() for one in views], asked, now)
        return trending_places(boards, ages_h(published, now), tempo, now=now, counted=counted)

    def _rising(self, asked: Question, window: str, counted: Mapping[str, float], now: float) -> list[Place]:
        late, usual = self._leaders(RISING[window], asked, now).values()
        young = self._young(late, asked, now)
        late = {one: views for one, views in late.items() if one in young}
        rules = self._rules_of(asked)
        least, prior = rules.rising_least, rules.rising_prior
        return rising_places(late, usual, window, least=least, prior=prior, counted=counted)

    def _leaders(self, names: Sequence[str], asked: Question, now: float) -> dict[str, dict[str, float]]:
        windows = [WINDOWS[name] for name in names]
        return self._counters.leaders(windows, asked.section, tag=asked.tag, now=now, count=_LEADERS)

    def _young(self, ids: Iterable[str], asked: Question, now: float) -> dict[str, float]:
        """Return the dates of those that readers may see and that are not too old."""
        oldest_s = self._rules_of(asked).oldest_s
        dates = self._catalogue.published(list(dict.fromkeys(ids)))
        return {one: second for one, second in dates.items() if not (oldest_s and second and now - second > oldest_s)}

    def _settled(self, asked: Question, places: Sequence[Place], now: float) -> list[Place]:
        """Let those on the list stay a little more easily than others come on it, and not for ever."""
        rules = self._rules_of(asked)
        key = self._keys.standing(asked.window, asked.section, rules.variant)
        before = Standing.from_json(cast("str | None", self._redis.get(key)))
        order, after = before.settle({place.article_id: place.score for place in places}, rules.stay, now=now)
        if after.is_news(before):
            # Whoever makes the list next begins with this; a full Redis goes without.
            with suppress(OutOfMemoryError), self._redis.pipeline(transaction=False) as pipe:
                pipe.set(key, after.to_json(), ex=STANDING_LIFE_S)
                if asked.window == "auto" and not asked.section and after.listed:
                    day, hour = divmod(int(now // HOUR_S), _HOURS)
                    pipe.sadd(self._keys.listed(day), *(f"{hour} {one}" for one in after.listed))
                    pipe.expire(self._keys.listed(day), PAST_S + DAY_S)
                pipe.execute()
        by_id = {place.article_id: place for place in places}
        return [replace(by_id[one], since=after.since(one)) for one in order]


def _chart(places: Sequence[Place], counted: Mapping[str, float], windows: tuple[str, str], rules: ChartRules) -> Chart:
    """Return the chart of a window asked for and of the one that ranks."""
    (asked_for, window), views = windows, int(sum(counted.values()))
    return Chart(tuple(places), window, views, thin=window != asked_for or views < rules.least_views)
