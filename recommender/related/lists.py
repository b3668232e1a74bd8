"""Published lists: each version whole in Redis, and one pointer to the version that readers see."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis
from redis.exceptions import LockError, RedisError

from recommender.batched import batched
from recommender.errors import RecommenderError, TrainingRefused
from recommender.redis.keys import Keys
from recommender.redis.scripts import script

__all__ = ["Lists", "Publication"]

_BATCH = 500
_LOST = "this run lost its lock (it was stopped or slow for too long, and another may have begun); nothing is published"


class Lists:
    """The related lists of a site, by version.

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

    def read(self, article_id: str) -> tuple[str | None, dict[str, float]]:
        """Return the current version and, nearest first, the cosine of each neighbour of an article in it."""
        found = self._redis.eval(script("read_list"), 1, self._keys.current, *self._keys.lists_parts, article_id)
        if not found:
            return None, {}
        version, packed = cast("tuple[str, str | None]", found)
        return version, json.loads(packed) if packed else {}

    @property
    def current(self) -> str | None:
        """The version that readers see; None before the first."""
        return cast("str | None", self._redis.get(self._keys.current))

    def versions(self) -> dict[str, dict[str, Any]]:
        """Return the facts of every version that is kept, the oldest first."""
        found = cast("dict[str, str]", self._redis.hgetall(self._keys.versions))
        return {version: json.loads(found[version]) for version in sorted(found)}

    def roll_back(self, version: str | None = None) -> str:
        """Point readers to another version, by default the one before the current; return it.

        Raises
        ------
        RecommenderError
            When there is no such version.
        """
        versions, current = list(self.versions()), self.current
        if version is None:
            older = [other for other in versions if current and other < current]
            if not older:
                raise RecommenderError("there is no older version to go back to")
            version = older[-1]
        if version not in versions:
            kept = ", ".join(versions) or "none"
            raise RecommenderError(f"version {version} is not kept; kept are: {kept}")
        self._redis.set(self._keys.current, version)
        return version

    @contextmanager
    def publishing(self, *, lock_s: float, keep: int, now: datetime) -> Iterator[Publication]:
        """Hold the lock of training runs, renewing it from a thread; what is not published at the end is cleared.

        Parameters
        ----------
        lock_s : float
            Seconds after which the lock is free when this process is dead or stopped.
        keep : int
            Versions to keep, the new one included.
        now : datetime
            With zone; names the version.

        Raises
        ------
        TrainingRefused
            When another run holds the lock.
        """
        lock = self._redis.lock(self._keys.lock, timeout=lock_s, blocking=False, thread_local=False)
        if not lock.acquire():
            raise TrainingRefused(
                "another training run is under way; wait for it, or if it died for its lock to run out "
                f"({lock_s:.0f} s)"
            )
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(lock_s / 3):
                try:
                    lock.reacquire()
                except LockError:
                    return  # publishing finds out, and says so
                except RedisError:
                    continue  # it may be back before the lock runs out

        renewal = threading.Thread(target=renew, name="training-lock", daemon=True)
        renewal.start()
        publication = Publication(self._redis, self._keys, cast("bytes", lock.local.token).decode(), keep)
        try:
            publication.begin(now)
            yield publication
        finally:
            ended.set()
            renewal.join()
            publication.clear()
            if lock.owned():
                lock.release()


class Publication:
    """One run's way from an empty version to the one readers see; made by `Lists.publishing`."""

    def __init__(self, redis: Redis, keys: Keys, token: str, keep: int) -> None:
        self._redis = redis
        self._keys = keys
        self._token = token
        self._keep = keep
        self.version = ""

    def begin(self, now: datetime) -> None:
        """Clear what dead runs left, and take a version that nobody has."""
        for left in cast("set[str]", self._redis.smembers(self._keys.staging)):
            self._drop(left)
        stem = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        taken = cast("dict[str, str]", self._redis.hgetall(self._keys.versions))
        self.version = next(
            version
            for version in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
            if version not in taken
        )
        self._redis.sadd(self._keys.staging, self.version)

    def write(self, lists: Iterable[tuple[str, Mapping[str, float]]]) -> None:
        """Write lists, nearest first, of article ids; no reader sees them yet.

        Raises
        ------
        TrainingRefused
            When the lock is lost.
        """
        for some in batched(lists, _BATCH):
            arguments = [part for article_id, scores in some for part in (article_id, _pack(scores))]
            target = self._keys.lists(self.version)
            if not self._redis.eval(script("write_lists"), 2, self._keys.lock, target, self._token, *arguments):
                raise TrainingRefused(_LOST)

    def publish(self, facts: Mapping[str, Any]) -> None:
        """Move readers to the new version, and drop the oldest beyond those to keep.

        Raises
        ------
        TrainingRefused
            When the lock is lost.
        """
        if not self._redis.eval(
            script("publish"),
            4,
            self._keys.lock,
            self._keys.current,
            self._keys.versions,
            self._keys.staging,
            self._token,
            self.version,
            json.dumps(facts),
            self._keep,
            *self._keys.lists_parts,
        ):
            raise TrainingRefused(_LOST)

    def clear(self) -> None:
        """Drop what was written, unless it was published."""
        if self._redis.sismember(self._keys.staging, self.version):
            self._drop(self.version)

    def _drop(self, version: str) -> None:
        self._redis.unlink(self._keys.lists(version))
        self._redis.srem(self._keys.staging, version)


def _pack(scores: Mapping[str, float]) -> str:
    rounded = {article_id: round(float(score), 4) for article_id, score in scores.items()}
    return json.dumps(rounded, ensure_ascii=False, separators=(",", ":"))
