"""The connection to Redis: one small time budget, no blind retry, and a pause after a failure.

redis-py by default retries a command ten times, which turns a refused port into seconds of waiting; and a blind
retry of a count may count twice. A page rather answers from what it remembers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from recommender.errors import ConfigurationError, RedisUnavailable

__all__ = ["Guard", "connect"]

BATCH_TIMEOUT_S = 30.0
"""What a job may wait for one call: it writes thousands of entries at once, and nobody looks at a spinner."""


def connect(url: str, *, timeout_s: float = BATCH_TIMEOUT_S) -> Redis:
    """Return a client that gives up on a call after ``timeout_s`` seconds and never retries.

    Nothing is sent yet; text comes back as ``str``.

    Raises
    ------
    ConfigurationError
        When the address is not one redis-py understands.
    """
    try:
        return Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
    except ValueError as error:
        raise ConfigurationError(f"RECOMMENDER_REDIS_URL: {error}") from error


class Guard:
    """Keeps requests from queueing up behind a Redis that does not answer.

    After a failure every call is refused at once for ``pause_s`` seconds; then the next one tries again.

    Parameters
    ----------
    pause_s : float
        Seconds.
    """

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._closed_until = 0.0

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Wrap calls to Redis.

        Raises
        ------
        RedisUnavailable
            When Redis is away, too slow, full or read-only, or failed less than the pause ago.
        """
        if time.monotonic() < self._closed_until:
            raise RedisUnavailable("Redis failed a moment ago; trying again shortly")
        try:
            yield
        except RedisError as error:
            # A full Redis refuses writes at once and still reads: only silence is worth a pause.
            if isinstance(error, RedisConnectionError | RedisTimeoutError):
                self._closed_until = time.monotonic() + self._pause_s
            raise RedisUnavailable(f"Redis: {error}") from error
