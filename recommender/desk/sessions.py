"""Sessions: who is signed in, kept in Redis so that they end, and can be ended."""

from __future__ import annotations

import hashlib
import secrets
from typing import cast

from pydantic import BaseModel
from redis import Redis

from recommender.desk.users import User, Users
from recommender.redis.keys import Keys

__all__ = ["Sessions"]


class _Session(BaseModel):
    user: str
    opened_at: float
    seal: str


class Sessions:
    """The sessions of all users.

    Redis holds a digest of each token, never the token: who reads Redis cannot sign in.

    Parameters
    ----------
    redis : Redis
    keys : Keys
    users : Users
    idle_s : int
        Seconds after which a session that nobody uses ends.
    longest_s : int
        Seconds after which every session ends.
    """

    def __init__(self, redis: Redis, keys: Keys, users: Users, *, idle_s: int, longest_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._users = users
        self._idle_s = idle_s
        self._longest_s = longest_s

    def open(self, user: User, *, now: float) -> str:
        """Open a session; return its token, which only the browser keeps."""
        token = secrets.token_urlsafe(32)
        session = _Session(user=user.name, opened_at=now, seal=self._users.seal(user.name, token.encode()))
        self._redis.set(self._key(token), session.model_dump_json(), ex=min(self._idle_s, self._longest_s))
        return token

    def user(self, token: str, *, now: float, renew: bool) -> User | None:
        """Return whose session it is, if it has not ended; ``renew``: somebody uses it just now."""
        found = cast("str | None", self._redis.get(self._key(token)))
        if found is None:
            return None
        session = _Session.model_validate_json(found)
        left_s = int(session.opened_at + self._longest_s - now)
        user = self._users.get(session.user)
        if left_s <= 0 or user is None or session.seal != self._users.seal(user.name, token.encode()):
            return None
        if renew:
            self._redis.expire(self._key(token), min(self._idle_s, left_s))
        return user

    def end(self, token: str) -> None:
        """End a session."""
        self._redis.delete(self._key(token))

    def _key(self, token: str) -> str:
        return self._keys.session(hashlib.blake2b(token.encode(), digest_size=16).hexdigest())
