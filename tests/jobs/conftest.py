"""What the tests of jobs share."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from recommender.intake import take_in
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import open_service
from tests.jobs.runs import ARTICLES, WORDS, Newsroom, settings_of
from tests.jobs.web import Web
from tests.newsroom import article


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def newsroom(redis: Redis, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[Newsroom]:  # noqa: ARG001 - flushes
    """A newsroom whose runs are processes that may be killed."""
    with open_service(settings_of(tmp_path, 4), redis_server.url) as service:
        chance = random.Random(0)
        articles = [article(f"a{n}", body=" ".join(chance.sample(WORDS, 9))) for n in range(ARTICLES)]
        take_in(articles, service.archive, service.intake)
        yield Newsroom(tmp_path, redis_server.url, service)
