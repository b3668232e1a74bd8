"""Publication: one run's way from an empty version to the one readers see, or to a line in the history of runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal, cast

from redis import Redis
from redis.exceptions import LockError, RedisError

from recommender.batched import batched
from recommender.errors import TrainingRefused
from recommender.redis.keys import Keys
from recommender.redis.scripts import script

__all__ = ["RUNS_KEPT", "Facts", "Outcome", "Publication", "publishing"]

RUNS_KEPT = 100
"""Runs that are remembered, with about 3 KB each."""

Outcome = Literal["published", "refused", "failed", "stopped", "dry run", "died"]

Facts = Callable[[], Mapping[str, Any]]

_BATCH = 500
"""Lists written in one call, during which Redis answers nobody else: some milliseconds."""
_AT_ONCE = 8
"""Calls sent together."""
_LOST = "this run lost its lock (it was stopped or slow for too long, and another may have begun); nothing is published"


@contextmanager
def publishing(
    redis: Redis, keys: Keys, *, lock_s: float, keep: int, now: datetime, facts: Facts = dict
) -> Iterator[Publication]:
    """Hold the lock of training runs, renewing it from a thread; what is not published at the end is cleared.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    lock_s : float
        Seconds after which the lock is free when this process is dead or stopped.
    keep : int
        Versions to keep, the new one included.
    now : datetime
        With zone; names the version.
    facts : callable, optional
        Returns what is known of the run by then, for the history.

    Raises
    ------
    TrainingRefused
        When another run holds the lock.
    """
    lock = redis.lock(keys.lock, timeout=lock_s, blocking=False, thread_local=False)
    if not lock.acquire():
        raise TrainingRefused(
            f"another training run is under way; wait for it, or if it died for its lock to run out ({lock_s:.0f} s)"
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
    publication = Publication(redis, keys, cast("bytes", lock.local.token).decode(), keep, facts)
    try:
        publication.begin(now)
        yield publication
        publication.end("dry run", "nothing was to be published")
    except BaseException as error:
        with suppress(RedisError):  # the next run clears what is left, and tells of it
            publication.end(*_outcome(error))
        raise
    finally:
        ended.set()
        renewal.join()
        with suppress(LockError, RedisError):  # it runs out by itself
            lock.release()


class Publication:
    """A version on its way; made by `publishing`.

    Attributes
    ----------
    version : str
        Its name, which sorts after every name before it.
    """

    def __init__(self, redis: Redis, keys: Keys, token: str, keep: int, facts: Facts = dict) -> None:
        self._redis = redis
        self._keys = keys
        self._token = token
        self._keep = keep
        self.version = ""
        self._facts = facts

    def begin(self, now: datetime) -> None:
        """Clear what dead runs left, and take a name.

        Raises
        ------
        TrainingRefused
            When the lock is lost.
        """
        named = self._redis.eval(
            script("begin_run"),
            4,
            self._keys.lock,
            self._keys.staging,
            self._keys.last_named,
            self._keys.runs,
            self._token,
            now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),
            json.dumps(self._facts()),
            RUNS_KEPT,
            *self._keys.lists_parts,
        )
        if not named:
            raise TrainingRefused(_LOST)
        self.version = cast("str", named)

    def write(self, lists: Iterable[tuple[str, bytes]]) -> None:
        """Write articles' lists, packed; no reader sees them yet.

        Raises
        ------
        TrainingRefused
            When the lock is lost.
        """
        before: Future[None] | None = None
        with ThreadPoolExecutor(1) as beside:  # stores some while the next are made
            for some in batched(lists, _BATCH * _AT_ONCE):
                if before:
                    before.result()
                before = beside.submit(self._store, some)
            if before:
                before.result()

    def _store(self, lists: Sequence[tuple[str, bytes]]) -> None:
        target = self._keys.lists(self.version)
        with self._redis.pipeline(transaction=False) as pipe:
            for some in batched(lists, _BATCH):
                arguments: list[str | bytes] = [part for one, packed in some for part in (one, packed)]
                pipe.eval(script("write_lists"), 2, self._keys.lock, target, self._token, *arguments)
            if not all(pipe.execute()):
                raise TrainingRefused(_LOST)

    def publish(self, facts: Mapping[str, Any]) -> None:
        """Move readers to the new version, which keeps the facts of its run, and drop the oldest beyond those to keep.

        Raises
        ------
        TrainingRefused
            When the lock is lost.
        """
        if not self._redis.eval(
            script("publish"),
            5,
            self._keys.lock,
            self._keys.current,
            self._keys.versions,
            self._keys.staging,
            self._keys.runs,
            self._token,
            self.version,
            json.dumps({**facts, "run": self.version, "version": self.version, "outcome": "published"}),
            self._keep,
            RUNS_KEPT,
            *self._keys.lists_parts,
        ):
            raise TrainingRefused(_LOST)

    def end(self, outcome: Outcome, reason: str) -> None:
        """Drop what was written and tell what became of the run, unless it published."""
        facts = {**self._facts(), "run": self.version, "version": None, "outcome": outcome, "reason": reason}
        self._redis.eval(
            script("end_run"),
            3,
            self._keys.staging,
            self._keys.lists(self.version),
            self._keys.runs,
            self.version,
            json.dumps(facts),
            RUNS_KEPT,
        )


def _outcome(error: BaseException) -> tuple[Outcome, str]:
    """Return what became of a run that ended by an error, and why."""
    if not isinstance(error, Exception):
        return "stopped", "it was told to stop"
    outcome: Outcome = "refused" if isinstance(error, TrainingRefused) else "failed"
    return outcome, str(error) or type(error).__name__
