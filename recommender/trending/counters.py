"""Counters of views in Redis: exact ones for each window, and ones that decay.

Two kinds of boards, each over all articles and for each section: ``viewed``, the views whose bucket overlaps the
window, and ``decayed``, where a view counts half after each half-life. Both are sorted sets, so that reading the top
costs O(log N + k). Decay is kept in the logarithm (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, "Forward
decay", ICDE 2009), which neither overflows nor has to be refreshed. Behind both are the buckets of `history`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

from redis import Redis
from redis.client import Pipeline
from redis.commands.core import Script

from recommender.batched import batched
from recommender.redis.keys import Keys
from recommender.redis.scripts import constants, script
from recommender.related.readers import READERS_HALF_LIFE_S, READERS_KEPT, READERS_S, TRAIL_LENGTH, TRAIL_S
from recommender.trending.choice import Choice
from recommender.trending.history import History, Views
from recommender.trending.tallies import Tally, parts_of
from recommender.trending.tempo import PAST_S
from recommender.trending.visitors import Visitors
from recommender.trending.windows import SPANS, WINDOWS, Board, Window
from recommender.view import View

__all__ = ["Counters", "Outcome"]

Outcome = Literal["counted", "unknown", "replayed", "repeat", "network", "bot", "prefetch", "malformed"]

_DAY_S = 86_400
_NETWORKS_KEPT = 256
_NETWORKS_S = _DAY_S + 3600
_RECOUNTED_A_STEP = 10
"""Articles recounted in one call of the script, some 20 ms in which nobody else is served."""


class Counters:
    """Counts views and reads the boards.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys; half-lives are those of its decayed boards.
    visitor_pause_s : int
        Seconds in which one visitor counts once for an article.
    event_memory_s : int
        Seconds for which an event id is remembered.
    board_size : int
        Most articles on a decayed board; a tenth more, and the least read are dropped.
    network_share : float
        Most of the views of an article in a day that one network may add; from 1 on there is no limit.
    network_allowance : int
        Views of an article in a day that count from any network.
    boxed_weight : float
        What a view that came from the trending box weighs on the decayed boards.
    history_articles : int
        Articles of which each bucket keeps views.
    trails : bool
        Whether to learn which articles share readers.

    Attributes
    ----------
    history : History
        The views of the past.
    half_life_share : float
        Of the windows.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        visitor_pause_s: int = 1800,
        event_memory_s: int = 172_800,
        board_size: int = 10_000,
        network_share: float = 0.05,
        network_allowance: int = 3,
        boxed_weight: float = 0.5,
        history_articles: int = 4000,
        trails: bool = True,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._visitors = Visitors(redis, keys)
        self.half_life_share = keys.half_life_share
        self._boxed_weight = boxed_weight
        self._board_size = board_size
        self._limited = network_share < 1
        self.history = History(redis, keys, boxed_weight=boxed_weight)
        shared = constants(
            CLOCK=keys.view_clock,
            SECTIONS=keys.sections,
            CARDS=keys.cards,
            OUTCOMES=keys.views,
            VIEWED=keys.boards("viewed"),
            DECAYED=keys.boards("decayed"),
            BUCKET=keys.bucket_prefix,
            WINDOWS=[
                dataclasses.asdict(window) | {"buckets": window.buckets, "half_life_s": self._half_life_s(window)}
                for window in WINDOWS.values()
            ],
            SPANS=[dataclasses.asdict(span) for span in SPANS],
            BOARD_SIZE=board_size,
            HISTORY_ARTICLES=history_articles,
            BOXED_WEIGHT=boxed_weight,
        ) + script("boards")
        counting = constants(
            EVENT_MEMORY_S=event_memory_s,
            VISITOR_PAUSE_S=visitor_pause_s,
            NETWORK_SHARE=network_share,
            NETWORK_ALLOWANCE=network_allowance,
            NETWORKS_KEPT=_NETWORKS_KEPT,
            NETWORKS_S=_NETWORKS_S,
            READERS=keys.readers_prefix,
            TRAIL_LENGTH=TRAIL_LENGTH if trails else 0,
            TRAIL_S=TRAIL_S,
            READERS_HALF_LIFE_S=READERS_HALF_LIFE_S,
            READERS_KEPT=READERS_KEPT,
            READERS_S=READERS_S,
        )
        self._count: Script = redis.register_script(shared + counting + script("count_view"))
        self._add: Script = redis.register_script(shared + script("add_views"))
        self._advance = shared + script("advance_boards")
        self._recount: Script = redis.register_script(shared + script("recount_boards"))

    def count(
        self, view: View, *, now: float, visitor: str | None = None, network: str | None = None, reason: str = ""
    ) -> Outcome:
        """Count a view in one atomic step, or say why it does not count.

        Parameters
        ----------
        view : View
            What the beacon said.
        now : float
            Unix seconds by the server's clock.
        visitor : str, optional
            What tells this connection from others, for views that name no visitor.
        network : str, optional
            What the connection shares with its neighbours; None is never too many.
        reason : str
            Why it is to be filtered, if it is.

        Raises
        ------
        redis.exceptions.RedisError
            When it is not known to be counted; with an event id it is safe to send it again.
        """
        who = view.visitor_id or visitor
        visits = self._visitors.digests(view.article_id, who, now) if who else ("", "")
        crowd = self._visitors.network_digest(view.article_id, network, now) if network and self._limited else ""
        return cast(
            "Outcome",
            self._count(
                keys=[
                    self._keys.view_clock,
                    self._keys.event(_digest(view.event_id or "")),
                    *map(self._keys.visit, visits),
                    self._keys.trail(self._visitors.trail_digest(who, now) if who else ""),
                    self._keys.networks(int(now // _DAY_S), view.article_id),
                ],
                args=[
                    repr(float(now)),
                    view.article_id,
                    reason,
                    int(view.event_id is not None),
                    int(who is not None),
                    crowd,
                    int(view.boxed),
                ],
            ),
        )

    def add(self, tallies: Iterable[Tally], *, now: float, source: str = "", step: int = 0) -> Mapping[str, int]:
        """Add views told in bulk, which are already filtered; every board is as if each had been counted at its time.

        Parameters
        ----------
        tallies : iterable of Tally
            In any order; what a wrong clock puts into the future counts as of ``now``.
        now : float
            Unix seconds by the server's clock.
        source : str, optional
            Where they come from, such as the digest of a file. A source's step is added once, whatever breaks off in
            between: the same call again adds the rest.
        step : int
            Of the source; more than the one before.

        Returns
        -------
        mapping
            How many views were counted, of unknown articles, or added before.
        """
        outcomes: Counter[str] = Counter()
        share, boxed_weight = self.half_life_share, self._boxed_weight
        parts = parts_of(tallies, now=now, boxed_weight=boxed_weight, half_life_share=share)
        for number, part in enumerate(parts):
            counted, unknown, replayed = cast(
                "tuple[int, int, int]",
                self._add(
                    keys=[self._keys.view_clock, self._keys.source_step(_digest(source))],
                    args=[
                        repr(float(now)),
                        source,
                        json.dumps((step, number)),
                        json.dumps(part.sums),
                        json.dumps(part.buckets),
                        *part.ids,
                    ],
                ),
            )
            outcomes += Counter(counted=counted, unknown=unknown, replayed=replayed)
        return outcomes

    def added_until(self, source: str) -> int | None:
        """Return the last step of a source of which anything was added; None of one that is new."""
        kept = cast("str | None", self._redis.get(self._keys.source_step(_digest(source))))
        return int(json.loads(kept)[0]) if kept else None

    def note(self, outcome: Outcome, *, now: float, views: int = 1) -> None:
        """Count views that were filtered before they came here."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hincrby(self._keys.views, outcome, views)
            pipe.hincrby(self._keys.views_of_day(int(now // _DAY_S)), outcome, views)
            pipe.expire(self._keys.views_of_day(int(now // _DAY_S)), SPANS[-1].kept_s)
            pipe.execute()

    def top(
        self, board: Board, window: Window, section: str = "", *, tag: str = "", now: float, count: int
    ) -> dict[str, float]:
        """Return the views of the ``count`` articles that lead a board, best first, in one round trip.

        ``viewed`` boards give whole views, ``decayed`` ones what is left of them at ``now`` (Unix seconds).
        ``section`` and ``tag`` are keys, or empty for all.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.eval(self._advance, 1, self._keys.view_clock, repr(float(now)))
            self._ask_leaders(pipe, self._keys.board(board, window.name, section), tag, count)
            # A full Redis refuses to advance; the boards as they are beat no boards.
            landmark, rows = pipe.execute(raise_on_error=False)
        if isinstance(rows, Exception):
            raise rows
        if tag:
            rows = rows[::-1][:count]
        if board == "viewed":
            return dict(rows)
        lapsed = 0.0 if isinstance(landmark, Exception) else (now - float(landmark)) / self._half_life_s(window)
        return {article_id: 2 ** (exponent - lapsed) for article_id, exponent in rows}

    def leaders(
        self, windows: Sequence[Window], section: str = "", *, tag: str = "", now: float, count: int
    ) -> dict[str, dict[str, float]]:
        """Return by window, best first, the decayed views at ``now`` of all articles among the ``count`` first of any.

        So what is known of each article is known of all boards; two round trips where there are several.
        """
        if len(windows) == 1:
            (window,) = windows
            return {window.name: self.top("decayed", window, section, tag=tag, now=now, count=count)}
        names = [self._keys.board("decayed", window.name, section) for window in windows]
        with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                self._ask_leaders(pipe, name, tag, count)
            ids = sorted({one for rows in pipe.execute() for one, _ in (rows[-count:] if tag else rows)})
            pipe.hget(self._keys.view_clock, "landmark")
            for name in names if ids else ():
                pipe.zmscore(name, ids)
            landmark, *columns = pipe.execute()
        boards = {}
        for window, column in zip(windows, columns or [[] for _ in windows], strict=True):
            lapsed = (now - float(landmark or 0)) / self._half_life_s(window)
            told = [
                (one, 2 ** (exponent - lapsed))
                for one, exponent in zip(ids, column, strict=True)
                if exponent is not None
            ]
            boards[window.name] = dict(sorted(told, key=lambda item: -item[1]))
        return boards

    def _half_life_s(self, window: Window) -> float:
        return window.half_life_s(self.half_life_share)

    def _ask_leaders(self, pipe: Pipeline, board: str, tag: str, count: int) -> None:
        """Ask for those that lead a board; with a tag, for all on it that carry the tag, the best last."""
        if tag:
            pipe.zinter({board: 1, self._keys.tagged(tag): 0}, withscores=True)
        else:
            pipe.zrange(board, 0, count - 1, desc=True, withscores=True)

    def recount(self, *, now: float) -> int:
        """Fill the decayed boards from the buckets where those of other half-lives were filled before.

        The most read of late come first, so that the top of a chart is right within moments; views that are counted
        meanwhile count. What the other half-lives have left expires in a day, for processes that still go by them.
        Where it breaks off, the next call begins anew.

        Returns
        -------
        int
            How many articles were recounted.
        """
        before = cast("str | None", self._redis.hget(self._keys.view_clock, "half_life_share"))
        if before is not None and float(before) == self.half_life_share:
            return 0
        late, views = (self.history.totals(now - past_s, now, now=now) for past_s in (_DAY_S, PAST_S))
        ids = sorted(views, key=lambda one: (-late.get(one, Views()).total, -views[one].total))
        ids = ids[: self._board_size]
        for some in batched(ids, _RECOUNTED_A_STEP):
            self._recount(keys=[self._keys.view_clock], args=[repr(float(now)), *some])
        self._keep(self._keys, expire_s=None)
        if before is not None:
            self._keep(self._keys.by(float(before)), expire_s=_DAY_S)
        self._redis.hset(self._keys.view_clock, "half_life_share", repr(self.half_life_share))
        return len(ids)

    def _keep(self, keys: Keys, *, expire_s: int | None) -> None:
        """Keep what stands under the keys of some half-lives, for so long or for good."""
        sections = ["", *cast("dict[str, str]", self._redis.hgetall(self._keys.sections))]
        names = [keys.board("decayed", window, section) for window in WINDOWS for section in sections]
        with self._redis.pipeline(transaction=False) as pipe:
            for name in [*names, keys.choice]:
                if expire_s is None:
                    pipe.persist(name)
                else:
                    pipe.expire(name, expire_s)
            pipe.execute()

    def choice(self) -> Choice:
        """Return what the last night chose ``auto`` to stand for; before the first, the default."""
        kept = cast("str | None", self._redis.get(self._keys.choice))
        return Choice.model_validate_json(kept) if kept else Choice()

    def set_choice(self, choice: Choice) -> None:
        """Let ``auto`` stand for a choice from now on."""
        self._redis.set(self._keys.choice, choice.model_dump_json())

    def outcomes(self) -> Mapping[str, int]:
        """Return how many views had each outcome since counting began."""
        found = cast("dict[str, str]", self._redis.hgetall(self._keys.views))
        return {outcome: int(number) for outcome, number in found.items()}

    def outcomes_by_day(self, *, now: float, days: int) -> list[Mapping[str, int]]:
        """Return how many views had each outcome on each of the last days (UTC) that they were told on, today last."""
        today = int(now // _DAY_S)
        with self._redis.pipeline(transaction=False) as pipe:
            for day in range(today - days + 1, today + 1):
                pipe.hgetall(self._keys.views_of_day(day))
            return [{outcome: int(number) for outcome, number in found.items()} for found in pipe.execute()]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
