"""Random texts, one for each day, that all processes of a site share and that are thrown away after it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import cast

from cachetools import TTLCache
from redis import Redis

__all__ = ["Salts"]

_REMEMBERED_S = 3600
"""Seconds for which a process goes by a salt it read, so that it outlives the one in Redis by no more."""


class Salts:
    """Salts of one purpose, made when they are first asked for.

    Parameters
    ----------
    redis : Redis
        Decoding responses; every process shares its salts.
    name : callable
        Returns the key of the salt of a day since 1970.
    life_s : int
        Seconds after which a salt is gone.
    """

    def __init__(self, redis: Redis, name: Callable[[int], str], *, life_s: int) -> None:
        self._redis = redis
        self._name = name
        self._life_s = life_s
        self._salts: TTLCache[int, str] = TTLCache(4, _REMEMBERED_S)
        self._mutex = threading.Lock()

    def of(self, day: int) -> str:
        """Return the salt of a day since 1970."""
        with self._mutex:
            salt = self._salts.get(day)
        if salt is None:
            key = self._name(day)
            fresh = secrets.token_hex(16)
            self._redis.set(key, fresh, nx=True, ex=self._life_s)
            salt = cast("str | None", self._redis.get(key)) or fresh
            with self._mutex:
                self._salts[day] = salt
        return salt
