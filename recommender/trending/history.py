"""The past: views by article in spans of five minutes, an hour and a day.

Each span of time is one bucket in Redis, kept for as long as its length allows: five minutes for two days, hours for
thirty, days for a year. What editors see of an article, what was read today, and what a list was at a moment of the
past are sums over buckets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise

from redis import Redis
from redis.commands.core import Script

from recommender.batched import batched
from recommender.redis.keys import Keys
from recommender.redis.scripts import script
from recommender.trending.tempo import HOUR_S, PAST_S
from recommender.trending.windows import SPANS, Board, Span, Window

__all__ = ["History", "Series", "Views"]

_KEYS_A_CALL = 50
"""Buckets that one step in Redis reads, so that it holds nobody else up for long."""
_HALF_LIVES = 20
"""After which a view weighs a millionth, and is no longer looked for."""


@dataclass(frozen=True, slots=True)
class Views:
    """How often an article was read.

    Attributes
    ----------
    organic, boxed : int
        Views that did not come from the trending box, and those that did.
    """

    organic: int = 0
    boxed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.organic + self.boxed

    def __add__(self, other: Views) -> Views:
        """Return both together."""
        return Views(self.organic + other.organic, self.boxed + other.boxed)


@dataclass(frozen=True, slots=True)
class Series:
    """An article's views over time, one number for each span, the one under way last.

    Attributes
    ----------
    start : int
        Unix second at which the first span begins.
    seconds : int
        Length of a span.
    organic, boxed : list of int
        Views that did not come from the trending box, and those that did.
    """

    start: int
    seconds: int
    organic: list[int]
    boxed: list[int]

    @property
    def totals(self) -> list[int]:
        """All of them."""
        return [sum(views) for views in zip(self.organic, self.boxed, strict=True)]


class History:
    """Reads the buckets that the counters fill.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    boxed_weight : float
        What a view that came from the trending box weighs where views decay.
    """

    def __init__(self, redis: Redis, keys: Keys, *, boxed_weight: float) -> None:
        self._redis = redis
        self._keys = keys
        self._boxed_weight = boxed_weight
        self._read_views: Script = redis.register_script(script("read_views"))

    def series(
        self, article_ids: Sequence[str], *, now: float, spans: Sequence[Span] = SPANS
    ) -> Mapping[str, list[Series]]:
        """Return the views of articles over time: by five minutes, by hour, by day. ``now`` is in Unix seconds."""
        found: defaultdict[str, list[Series]] = defaultdict(list)
        for span in spans if article_ids else ():
            numbers = range(int((now - span.kept_s) // span.seconds), int(now // span.seconds) + 1)
            rows = self._rows([(number * span.seconds, span.seconds) for number in numbers], article_ids)
            columns = [list(column) for column in zip(*rows, strict=True)]
            for place, article_id in enumerate(article_ids):
                organic, boxed = columns[2 * place : 2 * place + 2]
                found[article_id].append(Series(numbers[0] * span.seconds, span.seconds, organic, boxed))
        return found

    def by_hour(self, article_ids: Sequence[str], hours: int, *, now: float) -> Mapping[str, Series]:
        """Return the views of articles in the last hours, the one under way included, in one round trip."""
        numbers = range(int(now // HOUR_S) - hours + 1, int(now // HOUR_S) + 1)
        rows = self._read([(number * HOUR_S, HOUR_S) for number in numbers], article_ids)
        columns = {one: [row[place] for row in rows] for place, one in enumerate(article_ids)}
        return {
            one: Series(
                numbers[0] * HOUR_S, HOUR_S, [views.organic for views in column], [views.boxed for views in column]
            )
            for one, column in columns.items()
        }

    def views(
        self, article_ids: Sequence[str], times: Sequence[tuple[float, float]], *, now: float
    ) -> list[dict[str, Views]]:
        """Return the views of some articles in each of some times (start, end in Unix seconds), in one round trip.

        Exact as `totals` is.
        """
        covers = [_cover(start, end, now, coarsest_s=SPANS[-1].seconds) for start, end in times]
        rows = iter(self._read([span for cover in covers for span in cover], article_ids))
        found = []
        for cover in covers:
            some = list(islice(rows, len(cover)))
            found.append({one: sum((row[at] for row in some), Views()) for at, one in enumerate(article_ids)})
        return found

    def _read(self, spans: Sequence[tuple[int, int]], article_ids: Sequence[str]) -> list[list[Views]]:
        """Return what each span (start, length) holds of each article."""
        rows = self._rows(spans, article_ids)
        return [[Views(*row[at : at + 2]) for at in range(0, len(row), 2)] for row in rows]

    def _rows(self, spans: Sequence[tuple[int, int]], article_ids: Sequence[str]) -> list[list[int]]:
        """Return what each span (start, length) holds: of each article in turn, organic views and boxed."""
        if not article_ids:
            return [[] for _ in spans]
        fields = [field for article_id in article_ids for field in (article_id, f"\n{article_id}")]
        keys = [self._keys.bucket(seconds, start // seconds) for start, seconds in spans]
        with self._redis.pipeline(transaction=False) as pipe:
            for some in batched(keys, _KEYS_A_CALL):
                self._read_views(keys=some, args=fields, client=pipe)
            counts: list[int] = list(chain.from_iterable(pipe.execute()))
        return [counts[at : at + len(fields)] for at in range(0, len(counts), len(fields))]

    def totals(self, start: float, end: float, *, now: float) -> dict[str, Views]:
        """Return the views of every article read between two Unix seconds.

        Exact to the spans that are kept of that time: the ones in which it begins and ends count whole.
        """
        totals: defaultdict[str, Views] = defaultdict(Views)
        for _, views in self._buckets(_cover(start, end, now, coarsest_s=SPANS[-1].seconds)):
            for article_id, some in views.items():
                totals[article_id] += some
        return dict(totals)

    def top(self, board: Board, window: Window, moment: float, *, now: float) -> dict[str, float]:
        """Return the board of a window as it was at a Unix second, best first, as near as the spans kept tell.

        ``moment`` stands for the end of the span it lies in.
        """
        span = _finest(moment, now)
        end = (moment // span.seconds + 1) * span.seconds
        scores: dict[str, float]
        if board == "viewed":
            totals = self.totals(window.start(moment), end, now=now)
            scores = {article_id: views.total for article_id, views in totals.items()}
        else:
            scores = self._decayed(window.half_life_s(self._keys.half_life_share), end, now)
        return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))

    def finest(self, *, now: float) -> Iterator[tuple[int, int, dict[str, int]]]:
        """Yield the views of the last thirty days in spans as short as are kept: start, seconds, views by id.

        Hours first, then five minutes; spans that had no views are left out.
        """
        edge = int((now - SPANS[0].kept_s) // HOUR_S + 1) * HOUR_S
        hours = range(int((now - PAST_S) // HOUR_S) * HOUR_S, edge, HOUR_S)
        fine = range(edge, int(now) + 1, SPANS[0].seconds)
        for (start, seconds), views in self._buckets(
            [*((start, HOUR_S) for start in hours), *((start, SPANS[0].seconds) for start in fine)]
        ):
            yield start, seconds, {article_id: some.total for article_id, some in views.items()}

    def _decayed(self, half_life_s: float, end: float, now: float) -> dict[str, float]:
        scores: defaultdict[str, float] = defaultdict(float)
        cover = _cover(end - _HALF_LIVES * half_life_s, end, now, coarsest_s=half_life_s / 2)
        for (start, seconds), views in self._buckets(cover):
            left = 2 ** (-max(0.0, end - start - seconds / 2) / half_life_s)
            for article_id, some in views.items():
                scores[article_id] += left * (some.organic + self._boxed_weight * some.boxed)
        return scores

    def _buckets(self, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], dict[str, Views]]]:
        """Yield each span (start, length) that had views, and the views by article."""
        with self._redis.pipeline(transaction=False) as pipe:
            for start, seconds in spans:
                pipe.hgetall(self._keys.bucket(seconds, start // seconds))
            for span, found in zip(spans, pipe.execute(), strict=True):
                if found:
                    ids = {field.removeprefix("\n") for field in found}
                    yield span, {one: Views(int(found.get(one, 0)), int(found.get(f"\n{one}", 0))) for one in ids}


def _finest(moment: float, now: float) -> Span:
    """Return the shortest span that is still kept of a moment."""
    return next((span for span in SPANS if moment > now - span.kept_s), SPANS[-1])


def _cover(start: float, end: float, now: float, *, coarsest_s: float) -> list[tuple[int, int]]:
    """Return the kept spans (start, length) that cover a time: as few as can be, none longer than need be."""
    spans, second = [], int(start)
    second -= second % _finest(start, now).seconds
    while second < end:
        finest = _finest(second, now)
        seconds = finest.seconds
        for shorter, span in pairwise(SPANS):
            fits = second % span.seconds == 0 and second + span.seconds <= end and span.seconds <= coarsest_s
            if shorter.seconds >= finest.seconds and fits:
                seconds = span.seconds
        spans.append((second - second % seconds, seconds))
        second = spans[-1][0] + seconds
    return spans
