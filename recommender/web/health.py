"""Health: whether the process lives, and whether it can fill the boxes."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from redis.exceptions import RedisError, ResponseError

from recommender.service import Service
from recommender.web.endpoint import endpoint, json_response
from recommender.web.parts import parts

__all__ = ["health"]

health = Blueprint("health", __name__, url_prefix="/health")


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """Whether everything is in order."""

    status: str = Field(description="ready, or not ready")
    problems: dict[str, str] = Field(description="what is wrong, by name, and what to do")


@health.get("/live")
@endpoint(tag="For operators", answer=Live)
def live() -> Response:
    """Tell that the process lives."""
    return json_response(Live())


@health.get("/ready")
@endpoint(tag="For operators", answer=Ready)
def ready() -> Response:
    """Tell whether the boxes can be filled; with 503, what is wrong."""
    problems = dict(_problems(parts()))
    if problems:
        return json_response(Ready(status="not ready", problems=problems), HTTPStatus.SERVICE_UNAVAILABLE)
    return json_response(Ready(status="ready", problems={}))


def _problems(service: Service) -> Iterator[tuple[str, str]]:
    try:
        shown, current = len(service.catalogue), service.lists.current
    except RedisError as error:
        yield "redis", f"does not answer: {error}"
        return
    policy = _eviction_policy(service)
    if policy not in {"noeviction", None}:
        yield "eviction", f"maxmemory-policy is {policy}: counters and lists can vanish; set it to noeviction"
    stored = len(service.archive)
    if not stored:
        yield "articles", "there are none yet; import some or push them to /v1/articles"
    elif not shown:
        yield "articles", f"Redis has lost all {stored}; run: recommender train"
    elif current is None:
        yield "model", "none is published yet; run: recommender train"


def _eviction_policy(service: Service) -> str | None:
    """Return the policy, or None where a hosted Redis keeps its settings to itself."""
    try:
        settings = cast("dict[str, str]", service.redis.config_get("maxmemory-policy"))
    except ResponseError:
        return None
    return settings.get("maxmemory-policy")
