"""Telling visitors apart without knowing who they are.

A visitor is a hash, keyed with a random salt that lives for a day and some, of what the site or the connection says.
It is bound to one article, so that it cannot be followed from page to page, but for a trail of the last few articles
that is forgotten half an hour after the last.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import cast

from redis import Redis

from recommender.redis.keys import Keys

__all__ = ["Visitors"]

_DAY_S = 86_400
_SALT_LIFE_S = 26 * 3600
"""A day, and the pause in which yesterday's visits are still remembered."""


class Visitors:
    """Hashes visitors under the salts of today and yesterday.

    Parameters
    ----------
    redis : Redis
        Decoding responses; every process shares its salts.
    keys : Keys
        The site's keys.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._salts: dict[int, str] = {}
        self._mutex = threading.Lock()

    def digests(self, article_id: str, visitor: str, now: float) -> tuple[str, str]:
        """Return the hash of a visitor of an article under today's salt and under yesterday's.

        ``now`` is in Unix seconds.
        """
        today = int(now // _DAY_S)
        return self._digest(today, article_id, visitor), self._digest(today - 1, article_id, visitor)

    def trail_digest(self, visitor: str, now: float) -> str:
        """Return the hash of a visitor under today's salt, which is of no article.

        It names the short list of what was read last, by which readers' choice is learned.
        """
        return self._digest(int(now // _DAY_S), "", visitor)

    def _digest(self, day: int, article_id: str, visitor: str) -> str:
        key = self._salt(day).encode()
        return hashlib.blake2b(f"{article_id}\n{visitor}".encode(), digest_size=12, key=key).hexdigest()

    def _salt(self, day: int) -> str:
        if day not in self._salts:
            key = self._keys.salt(day)
            self._redis.set(key, secrets.token_hex(16), nx=True, ex=_SALT_LIFE_S)
            salt = cast("str | None", self._redis.get(key))
            with self._mutex:
                self._salts = {other: self._salts[other] for other in self._salts if abs(other - day) <= 1}
                self._salts[day] = salt or secrets.token_hex(16)
        return self._salts[day]
