"""A real redis-server for the whole run, flushed before and after each test, and a service upon it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from recommender.article import Article
from recommender.intake import take_in
from recommender.redis.connection import connect
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.web import create_app

Publish = Callable[..., None]

TOKEN = "a-token-for-the-tests"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("session")) as server:
        yield server


@pytest.fixture
def redis(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    with connect(redis_server.url) as client:
        client.flushall()
        yield client
        client.flushall()


@pytest.fixture
def keys() -> Keys:
    return Keys("tests")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        namespace="tests",
        api_token=SecretStr(TOKEN),
        editor_password=SecretStr("an-editor-of-the-tests"),
        redis_pause_ms=100,
        trending_chart_ms=0,  # tests read at once what they wrote
        redis_timeout_ms=500,  # a busy machine must not look like a dead Redis
    )


@pytest.fixture
def service(settings: Settings, redis: Redis, redis_server: EmbeddedRedis) -> Iterator[Service]:  # noqa: ARG001 - flushes
    with open_service(settings, redis_server.url, timeout_s=settings.redis_timeout_ms / 1000) as opened:
        yield opened


@pytest.fixture
def app(service: Service) -> Flask:
    return create_app(service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = BROWSER["User-Agent"]
    return client


@pytest.fixture
def newsroom_headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def publish(service: Service) -> Callable[..., None]:
    """Take articles in, as an import or a push does."""

    def take(*articles: Article) -> None:
        take_in(articles, service.archive, service.intake)

    return take
