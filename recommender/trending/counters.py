"""Counters of views in Redis: exact ones for each window, and ones that decay.

Two kinds of boards, each over all articles and for each section: ``viewed``, the views whose bucket overlaps the
window, and ``decayed``, where a view counts half after each half-life. Both are sorted sets, so that reading the top
costs O(log N + k). Decay is kept in the logarithm (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, "Forward
decay", ICDE 2009), which neither overflows nor has to be refreshed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Literal, cast

from redis import Redis

from recommender.redis.keys import Keys
from recommender.redis.scripts import script
from recommender.related.readers import READERS_HALF_LIFE_S, READERS_KEPT, READERS_S, TRAIL_LENGTH, TRAIL_S
from recommender.trending.tempo import DEFAULT_TEMPO, HOUR_S, PAST_S, Tempo
from recommender.trending.visitors import Visitors
from recommender.trending.windows import WINDOWS, Window
from recommender.view import View

__all__ = ["Board", "Counters", "Outcome"]

Board = Literal["viewed", "decayed"]
Outcome = Literal["counted", "unknown", "replayed", "repeated", "bot", "prefetch"]

_WINDOWS_JSON = json.dumps([dataclasses.asdict(window) | {"buckets": window.buckets} for window in WINDOWS.values()])


class Counters:
    """Counts views and reads the boards.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    visitor_pause_s : int
        Seconds in which one visitor counts once for an article.
    event_memory_s : int
        Seconds for which an event id is remembered.
    board_size : int
        Most articles on a decayed board; a tenth more, and the least read are dropped.
    trails : bool
        Whether to learn which articles share readers.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        visitor_pause_s: int,
        event_memory_s: int,
        board_size: int,
        trails: bool = True,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._visitors = Visitors(redis, keys)
        self._limits = (event_memory_s, visitor_pause_s, board_size)
        self._sharing = (
            keys.readers_prefix,
            TRAIL_LENGTH if trails else 0,
            TRAIL_S,
            READERS_HALF_LIFE_S,
            READERS_KEPT,
            READERS_S,
        )

    def count(self, view: View, *, now: float, visitor: str | None = None, reason: str = "") -> Outcome:
        """Count a view in one atomic step, or say why it does not count.

        Parameters
        ----------
        view : View
            What the beacon said.
        now : float
            Unix seconds by the server's clock.
        visitor : str, optional
            What tells this connection from others, for views that name no visitor.
        reason : str
            Why it is to be filtered, if it is.

        Raises
        ------
        redis.exceptions.RedisError
            When it is not known to be counted; with an event id it is safe to send it again.
        """
        who = view.visitor_id or visitor
        visits = self._visitors.digests(view.article_id, who, now) if who else ("", "")
        return cast(
            "Outcome",
            self._redis.eval(
                script("advance", "count_view"),
                8,
                self._keys.view_clock,
                self._keys.sections,
                self._keys.cards,
                self._keys.views,
                self._keys.event(_digest(view.event_id or "")),
                *map(self._keys.visit, visits),
                self._keys.trail(self._visitors.trail_digest(who, now) if who else ""),
                *self._advance_arguments(now),
                view.article_id,
                reason,
                int(view.event_id is not None),
                int(who is not None),
                *self._limits,
                *self._sharing,
            ),
        )

    def top(self, board: Board, window: Window, section: str, *, now: float, count: int) -> dict[str, float]:
        """Return the views of the ``count`` articles that lead a board, best first, in one round trip.

        ``viewed`` boards give whole views, ``decayed`` ones what is left of them at ``now`` (Unix seconds).
        ``section`` is a section key, or empty for all.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.eval(
                script("advance", "advance_boards"),
                2,
                self._keys.view_clock,
                self._keys.sections,
                *self._advance_arguments(now),
            )
            pipe.zrange(self._keys.board(board, window.name, section), 0, count - 1, desc=True, withscores=True)
            # A full Redis refuses to advance; the boards as they are beat no boards.
            landmark, rows = pipe.execute(raise_on_error=False)
        if isinstance(rows, Exception):
            raise rows
        if board == "viewed":
            return dict(rows)
        lapsed = 0.0 if isinstance(landmark, Exception) else (now - float(landmark)) / window.half_life_s
        return {article_id: 2 ** (exponent - lapsed) for article_id, exponent in rows}

    def hourly(self, *, now: float) -> Iterator[tuple[float, dict[str, int]]]:
        """Yield the views of each hour of the last fortnight that had any: Unix second of its middle, views by id."""
        newest = int(now // HOUR_S)
        numbers = range(newest - PAST_S // HOUR_S, newest + 1)
        with self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hgetall(self._keys.bucket(HOUR_S, number))
            for number, found in zip(numbers, pipe.execute(), strict=True):
                if found:
                    views = {field.partition("\n")[2]: int(count) for field, count in found.items()}
                    yield (number + 0.5) * HOUR_S, views

    def tempo(self) -> Tempo:
        """Return what ``auto`` stands for."""
        kept = cast("str | None", self._redis.get(self._keys.tempo))
        return Tempo(**json.loads(kept)) if kept else DEFAULT_TEMPO

    def set_tempo(self, tempo: Tempo) -> None:
        """Let ``auto`` stand for a tempo from now on."""
        self._redis.set(self._keys.tempo, json.dumps(dataclasses.asdict(tempo)))

    def outcomes(self) -> Mapping[str, int]:
        """Return how many views had each outcome since counting began."""
        found = cast("dict[str, str]", self._redis.hgetall(self._keys.views))
        return {outcome: int(number) for outcome, number in found.items()}

    def _advance_arguments(self, now: float) -> tuple[str, str, str, str]:
        return _WINDOWS_JSON, repr(float(now)), self._keys.board_prefix, self._keys.bucket_prefix


def _digest(event_id: str) -> str:
    return hashlib.blake2b(event_id.encode(), digest_size=12).hexdigest()
