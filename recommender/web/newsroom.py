"""What the newsroom's systems use: articles in, articles out, articles withdrawn."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel, Field
from pydantic_core import from_json
from redis.exceptions import RedisError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable, Unauthorized

from recommender.article import Article, ArticleId, parse_article
from recommender.errors import ArticleError
from recommender.intake import take_in, withdraw
from recommender.web.endpoint import Text, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__ = ["newsroom"]

newsroom = Blueprint("newsroom", __name__, url_prefix="/v1/articles")

_MOST_ARTICLES = 1000
_RETRY_S = 2

View = Callable[..., Response]


class ArticleQuery(BaseModel):
    """Which article."""

    article_id: Annotated[ArticleId, Text]


class RecordError(BaseModel):
    """One record that was not taken, and why."""

    index: int = Field(description="place in the list, from 0")
    id: str | None = Field(description="as given, if it was")
    message: str


class Intake(BaseModel):
    """What became of the articles sent."""

    new: int
    changed: int
    unchanged: int
    withdrawn: int
    rejected: int
    errors: list[RecordError]


class Withdrawal(BaseModel):
    """The article is gone from every list."""

    status: Literal["withdrawn"] = "withdrawn"
    article_id: str


def with_token(view: View) -> View:
    """Let nobody in without the API token."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        expected = parts().settings.api_token
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if expected is None or not hmac.compare_digest(given, expected.get_secret_value().encode()):
            raise Unauthorized(
                "give the API token as: Authorization: Bearer TOKEN", www_authenticate=WWWAuthenticate("bearer")
            )
        return view(*args, **kwargs)

    return guarded


@newsroom.post("")
@endpoint(tag="For the newsroom", body=Article, answer=Intake, token=True)
@with_token
def put_articles() -> Response:
    """Store one article, or a list of up to 1,000.

    Known ids are replaced. Records that are not valid articles are reported one by one; the others are taken.
    """
    request.max_content_length = parts().settings.max_article_bytes
    try:
        body = from_json(request.get_data(cache=False), allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"not JSON: {error}") from error
    records = body if isinstance(body, list) else [body]
    if len(records) > _MOST_ARTICLES:
        raise BadRequest(f"{len(records)} articles at once; at most {_MOST_ARTICLES} are taken")
    articles, errors = _parse(records)
    if errors and not isinstance(body, list):
        raise BadRequest(errors[0].message)
    service = parts()
    try:
        changes = take_in(articles, service.archive, service.intake)
    except RedisError as error:
        current_app.logger.warning("articles kept, not shown yet: %s", error)
        raise ServiceUnavailable("Redis is away; send the same again", retry_after=_RETRY_S) from error
    return json_response(
        Intake(
            new=changes["new"],
            changed=changes["changed"],
            unchanged=changes["unchanged"],
            withdrawn=changes["withdrawn"],
            rejected=len(errors),
            errors=errors,
        )
    )


@newsroom.get("")
@endpoint(tag="For the newsroom", query=ArticleQuery, answer=Article, token=True)
@with_token
def get_article() -> Response:
    """Give an article as it was stored."""
    article = parts().archive.get(query_as(ArticleQuery).article_id)
    if article is None:
        raise NotFound("no such article")
    return json_response(article)


@newsroom.delete("")
@endpoint(tag="For the newsroom", query=ArticleQuery, answer=Withdrawal, token=True)
@with_token
def withdraw_article() -> Response:
    """Withdraw an article: gone from every list within a second."""
    article_id, service = query_as(ArticleQuery).article_id, parts()
    try:
        known = withdraw(article_id, service.archive, service.intake)
    except RedisError as error:
        raise ServiceUnavailable("Redis is away; send the same again", retry_after=_RETRY_S) from error
    if not known:
        raise NotFound("no such article")
    return json_response(Withdrawal(article_id=article_id))


def _parse(records: list[Any]) -> tuple[list[Article], list[RecordError]]:
    articles, errors = [], []
    for index, record in enumerate(records):
        try:
            articles.append(parse_article(record))
        except ArticleError as error:
            given = record.get("id") if isinstance(record, dict) else None
            errors.append(RecordError(index=index, id=given if isinstance(given, str) else None, message=str(error)))
    return articles, errors
