"""Telling visitors apart without knowing who they are.

A visitor is a hash, keyed with a random salt that lives for a day and some, of what the site or the connection says.
It is bound to one article, so that it cannot be followed from page to page, but for a trail of the last few articles
that is forgotten half an hour after the last. A network is likewise a hash bound to one article and one day.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address, IPv6Address, ip_network

from redis import Redis

from recommender.redis.keys import Keys
from recommender.redis.salts import Salts

__all__ = ["Visitors", "network_of"]

_DAY_S = 86_400
_SALT_LIFE_S = 26 * 3600
"""A day, and the pause in which yesterday's visits are still remembered."""
_NETWORK_DIGITS = 10


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
        self._salts = Salts(redis, keys.salt, life_s=_SALT_LIFE_S)

    def digests(self, bound_to: str, visitor: str, now: float) -> tuple[str, str]:
        """Return the hash of a visitor under today's salt and under yesterday's, bound to an article or a list.

        ``now`` is in Unix seconds.
        """
        today = int(now // _DAY_S)
        return self._digest(today, bound_to, visitor), self._digest(today - 1, bound_to, visitor)

    def trail_digest(self, visitor: str, now: float) -> str:
        """Return the hash of a visitor under today's salt, which is of no article.

        It names the short list of what was read last, by which readers' choice is learned.
        """
        return self._digest(int(now // _DAY_S), "", visitor)

    def network_digest(self, article_id: str, network: str, now: float) -> str:
        """Return the hash of a network that readers of an article come from, under today's salt."""
        return self._digest(int(now // _DAY_S), article_id, network)[:_NETWORK_DIGITS]

    def _digest(self, day: int, bound_to: str, visitor: str) -> str:
        key = self._salts.of(day).encode()
        return hashlib.blake2b(f"{bound_to}\n{visitor}".encode(), digest_size=12, key=key).hexdigest()


def network_of(address: IPv4Address | IPv6Address) -> str:
    """Return the network an address belongs to: its /24, or the /48 of IPv6."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if isinstance(address, IPv4Address) else 48), strict=False))
