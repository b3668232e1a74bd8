"""Throttling of sign-ins: a guesser gets a few tries, and then has to wait."""

from __future__ import annotations

import hashlib
import time

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis

from recommender.redis.keys import Keys

__all__ = ["Throttle"]

_MINUTES = 10
_TOLD = 20
"""Failures told in the trace in ten minutes, whoever they are by, so that no crowd of guessers can fill the disk."""
_TOLD_LIMIT = RateLimitItemPerMinute(_TOLD, _MINUTES)
_EVERYBODY = "everybody"


class Throttle:
    """Counts failed sign-ins by address and by name, over ten minutes.

    Addresses are kept as a keyed hash, and no longer than that.

    Parameters
    ----------
    redis : Redis
    keys : Keys
    key : bytes
        Of the hash.
    most : int
        Failures after which an address, or a name, has to wait; others go on.
    """

    def __init__(self, redis: Redis, keys: Keys, *, key: bytes, most: int) -> None:
        storage = RedisStorage("redis://", connection_pool=redis.connection_pool, key_prefix=keys.sign_ins)
        self._limiter = FixedWindowRateLimiter(storage)
        self._limit = RateLimitItemPerMinute(most, _MINUTES)
        self._key = key[:64]

    def wait_s(self, *who: str) -> int:
        """Return how many seconds these have to wait before the next try; 0: none."""
        waits = (self._limiter.get_window_stats(self._limit, self._digest(one)) for one in who)
        now = time.time()
        return max((int(stats.reset_time - now) + 1 for stats in waits if stats.remaining == 0), default=0)

    def failed(self, *who: str) -> int:
        """Count a failure of each of these; return the most that one of them has within the ten minutes."""
        for one in who:
            self._limiter.hit(self._limit, self._digest(one))
        return max(self._failures(one) for one in who)

    def is_news(self, *who: str) -> bool:
        """Tell whether the failure just counted belongs in the trace.

        The first of an address or name does, and the one after which it has to wait, up to twenty in ten minutes.
        """
        counts = {self._failures(one) for one in who}
        return bool(counts & {1, self._limit.amount}) and self._limiter.hit(_TOLD_LIMIT, _EVERYBODY)

    def _failures(self, who: str) -> int:
        remaining = self._limiter.get_window_stats(self._limit, self._digest(who)).remaining
        return int(self._limit.amount - remaining)

    def _digest(self, who: str) -> str:
        return hashlib.blake2b(who.encode("utf-8", "replace"), key=self._key, digest_size=16).hexdigest()
