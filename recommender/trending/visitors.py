"""Telling visitors apart without knowing who they are.

A visitor is a hash, keyed with a random salt that lives for a day and some, of what the site or the connection says.
It is bound to one article, so that it cannot be followed from page to page, but for a trail of the last few articles
that is forgotten half an hour after the last. A network is likewise a hash bound to one article and one day.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import cast

from cachetools import TTLCache
from redis import Redis

from recommender.redis.keys import Keys

__all__ = ["Visitors", "network_of"]

_DAY_S = 86_400
_SALT_LIFE_S = 26 * 3600
"""A day, and the pause in which yesterday's visits are still remembered."""
_NETWORK_DIGITS = 10
_REMEMBERED_S = 3600
"""Seconds for which a process goes by a salt it read, so that it outlives the one in Redis by no more."""


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
        self._salts: TTLCache[int, str] = TTLCache(4, _REMEMBERED_S)
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

    def network_digest(self, article_id: str, network: str, now: float) -> str:
        """Return the hash of a network that readers of an article come from, under today's salt."""
        return self._digest(int(now // _DAY_S), article_id, network)[:_NETWORK_DIGITS]

    def _digest(self, day: int, article_id: str, visitor: str) -> str:
        key = self._salt(day).encode()
        return hashlib.blake2b(f"{article_id}\n{visitor}".encode(), digest_size=12, key=key).hexdigest()

    def _salt(self, day: int) -> str:
        with self._mutex:
            salt = self._salts.get(day)
        if salt is None:
            key = self._keys.salt(day)
            fresh = secrets.token_hex(16)
            self._redis.set(key, fresh, nx=True, ex=_SALT_LIFE_S)
            salt = cast("str | None", self._redis.get(key)) or fresh
            with self._mutex:
                self._salts[day] = salt
        return salt


def network_of(address: IPv4Address | IPv6Address) -> str:
    """Return the network an address belongs to: its /24, or the /48 of IPv6."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if isinstance(address, IPv4Address) else 48), strict=False))
