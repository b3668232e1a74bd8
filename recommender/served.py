"""What the boxes that were served held: how often one had to be filled up, from where, and how old its items were.

Counted in the process and added to Redis every few seconds from a thread of its own, so that no reader waits for it. A
process that is killed takes the last seconds along, and a batch whose answer was lost may count twice: these are
figures of use, not of account.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast

import structlog
from redis import Redis
from redis.exceptions import RedisError

from recommender.answers import BoxName, Item
from recommender.redis.keys import Keys

__all__ = ["AGES", "OWN_SOURCES", "Served", "ServedDay"]

log = structlog.get_logger()

_DAY_S = 86_400
_KEPT_S = 366 * _DAY_S
_EVERY_S = 5.0
_OLDER, _UNDATED = "older", "no date"
_UNTIL_S = {"1 h": 3600, "6 h": 6 * 3600, "1 d": _DAY_S, "3 d": 3 * _DAY_S, "7 d": 7 * _DAY_S, "30 d": 30 * _DAY_S}
AGES = (*_UNTIL_S, _OLDER, _UNDATED)
"""Ages that are told apart, each up to its name."""
OWN_SOURCES: dict[BoxName, frozenset[str]] = {
    "related": frozenset(["pinned", "related"]),
    "trending": frozenset(["pinned", "trending"]),
}
"""What a box is about; an item from elsewhere fills it up."""


@dataclass(slots=True)
class ServedDay:
    """What the boxes of one name held on one day.

    Attributes
    ----------
    day : date
        UTC.
    boxes, filled : int
        How many were served, and how many of them had to be filled up.
    sources, ages : Counter of str
        Items by where they came from, and by age.
    """

    day: date
    boxes: int = 0
    filled: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    ages: Counter[str] = field(default_factory=Counter)


class Served:
    """Counts what is served.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._counts: Counter[tuple[int, str]] = Counter()
        self._timer: threading.Timer | None = None
        self._pending = False
        self._mutex = threading.Lock()

    def count(self, box: BoxName, items: Sequence[Item], *, now: float) -> None:
        """Count a box that is served; ``now`` is in Unix seconds."""
        if not items:
            return
        day = int(now // _DAY_S)
        filled = any(item.source not in OWN_SOURCES[box] for item in items)
        fields = [f"{box}:{item.source}:{_age(item, now)}" for item in items]
        with self._mutex:
            self._counts.update((day, name) for name in (f"{box}:{'filled' if filled else 'whole'}:", *fields))
            if not self._pending:
                self._pending, self._timer = True, threading.Timer(_EVERY_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Add to Redis what was counted since the last time; what it refuses stays for the next."""
        with self._mutex:
            counts, self._counts, self._pending = self._counts, Counter(), False
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                for (day, name), number in counts.items():
                    pipe.hincrby(self._keys.served_of_day(day), name, number)
                for day in {day for day, _ in counts}:
                    pipe.expire(self._keys.served_of_day(day), _KEPT_S)
                pipe.execute()
        except RedisError as error:
            log.warning("served_not_added", reason=str(error))
            with self._mutex:
                self._counts.update(counts)

    def close(self) -> None:
        """Add what is left."""
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        self.flush()

    def by_day(self, box: BoxName, *, now: float, days: int) -> list[ServedDay]:
        """Return what was served on each of the last days (UTC), today last."""
        numbers = range(int(now // _DAY_S) - days + 1, int(now // _DAY_S) + 1)
        with self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hgetall(self._keys.served_of_day(number))
            rows = cast("list[dict[str, str]]", pipe.execute())
        return [_day(box, number, row) for number, row in zip(numbers, rows, strict=True)]


def _age(item: Item, now: float) -> str:
    if item.published_at is None:
        return _UNDATED
    age_s = now - item.published_at.timestamp()
    return next((name for name, until_s in _UNTIL_S.items() if age_s < until_s), _OLDER)


def _day(box: BoxName, number: int, row: dict[str, str]) -> ServedDay:
    day = ServedDay(datetime.fromtimestamp(number * _DAY_S, UTC).date())
    for name, text in row.items():
        of_box, what, age = name.split(":")
        count = int(text)
        if of_box != box:
            continue
        if age:
            day.sources[what] += count
            day.ages[age] += count
        else:
            day.boxes += count
            day.filled += count * (what == "filled")
    return day
