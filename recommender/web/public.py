"""The public interface: the lists that a page of the site asks for."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

from flask import Blueprint, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, RootModel
from werkzeug.exceptions import ServiceUnavailable

from recommender.answers import PastAnswer, RelatedAnswer, TrendingAnswer, WidgetsAnswer
from recommender.article import ArticleId
from recommender.errors import RedisUnavailable
from recommender.trending.calendar import Period
from recommender.trending.windows import Rank, WindowName
from recommender.view import Token
from recommender.web.caching import let_caches_keep, list_policy, tag_of
from recommender.web.endpoint import (
    Ids,
    Limit,
    OptionalText,
    Text,
    TextOrNone,
    endpoint,
    json_response,
    query_as,
    text_or_none,
)
from recommender.web.parts import parts
from recommender.web.serving import served

__all__ = ["RelatedQuery", "TrendingQuery", "public", "related_box", "trending_box"]

public = Blueprint("public", __name__, url_prefix="/v1")


def _past_moment(at: datetime) -> datetime:
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at.timestamp() > time.time():
        raise ValueError("must not lie in the future")
    return at


Moment = Annotated[datetime, AfterValidator(_past_moment)]
VariantName = Annotated[OptionalText, Field(description="of a running experiment; one that is not running is as none")]

_RETRY_S = 2


class RelatedQuery(BaseModel):
    """Which article's related ones, and how many."""

    article_id: Annotated[ArticleId, Text]
    limit: Limit = 6
    section: OptionalText = None
    exclude: Ids = []
    variant: VariantName = None


class TrendingQuery(BaseModel):
    """Trending ranked how, where, and how many."""

    window: Annotated[WindowName | None, Text] = Field(None, description="RECOMMENDER_TRENDING_WINDOW, auto unless set")
    rank: Annotated[Rank | None, Text] = Field(None, description="RECOMMENDER_TRENDING_RANK, trending unless set")
    section: OptionalText = None
    tag: OptionalText = None
    limit: Limit = 10
    exclude: Ids = []
    variant: VariantName = None


class PastQuery(TrendingQuery):
    """Trending of this moment, of a past one, or of a day or week."""

    at: Annotated[Moment | None, BeforeValidator(text_or_none)] = None
    period: Annotated[Period | None, BeforeValidator(text_or_none)] = None


class Trending(RootModel[TrendingAnswer | PastAnswer]):
    """The Trending box of this moment, or what it was."""


class WidgetsQuery(BaseModel):
    """Which article's boxes, and how many items in each."""

    article_id: Annotated[ArticleId, Text]
    related: Limit = 6
    trending: Limit = 5
    section: OptionalText = None
    window: Annotated[WindowName | None, Text] = Field(None, description="RECOMMENDER_TRENDING_WINDOW, auto unless set")
    rank: Annotated[Rank | None, Text] = Field(None, description="RECOMMENDER_TRENDING_RANK, trending unless set")
    exclude: Ids = []
    variant: VariantName = None


class ExperimentQuery(BaseModel):
    """Whose variant."""

    visitor_id: Annotated[Token | None, TextOrNone] = None


class Share(BaseModel):
    """How many readers get a variant."""

    variant: str = Field(description="name it in addresses")
    share: int = Field(description="percent of the readers")


class ExperimentAnswer(BaseModel):
    """The running experiment."""

    experiment: str | None = Field(description="null: none is running")
    ends_at: datetime | None
    variants: list[Share] = Field(description="in the order of `recommender.experiments.assignment`")
    variant: str | None = Field(description="the visitor's, always the same; null: not in the experiment")


def related_box(query: RelatedQuery) -> RelatedAnswer:
    """Return the Related Articles box that is asked for, counted as served."""
    return served(parts().boxes.related(**query.model_dump(include=set(RelatedQuery.model_fields))))


def trending_box(query: TrendingQuery) -> TrendingAnswer:
    """Return the Trending box that is asked for, counted as served."""
    return served(parts().boxes.trending(**query.model_dump(include=set(TrendingQuery.model_fields))))


@public.get("/related")
@endpoint(tag="For the website", query=RelatedQuery, answer=RelatedAnswer)
def related() -> Response:
    """Give the Related Articles box of an article.

    The list is filled up from trending, the section and the newest articles, so it is short only when the catalogue
    is. An article nobody knows yet gets a filled list too.
    """
    return _cacheable(related_box(query_as(RelatedQuery)))


@public.get("/trending")
@endpoint(tag="For the website", query=PastQuery, answer=Trending)
def trending() -> Response:
    """Give the Trending box, of the site, of a section or of a tag.

    `evidence` says whose views it is ranked by: where the window asked for has too few, the next wider one ranks.

    `at` (RFC 3339) gives the list of a moment of the past year instead, as near as the history tells: by five minutes
    for two days, by hour for thirty, by day for the year. `period` (today, yesterday, week) gives the most viewed of a
    day or week of the newsroom's calendar.
    """
    query = query_as(PastQuery)
    return _past(query) if query.at or query.period else _cacheable(trending_box(query))


@public.get("/widgets")
@endpoint(tag="For the website", query=WidgetsQuery, answer=WidgetsAnswer)
def widgets() -> Response:
    """Give both boxes of an article page in one answer: no article twice, never the current one."""
    return _cacheable(served(parts().boxes.widgets(**dict(query_as(WidgetsQuery)))))


@public.get("/experiment")
@endpoint(tag="For the website", query=ExperimentQuery, answer=ExperimentAnswer)
def experiment() -> Response:
    """Give the running experiment, and the variant of a visitor, for a site that fills its boxes on its own server.

    Name the variant in every address that is asked for the visitor: `variant=...`.
    """
    visitor, running = query_as(ExperimentQuery).visitor_id, parts().experiments.running()
    answer = ExperimentAnswer(
        experiment=running and running.name,
        ends_at=running and running.ends_at,
        variants=[Share(variant=one, share=share) for one, share in running.shares.items()] if running else [],
        variant=running.variant_of(visitor) if running and visitor else None,
    )
    policy = "private, max-age=10" if visitor else list_policy(parts().settings)
    return let_caches_keep(json_response(answer), policy, tag_of(answer.model_dump_json()))


def _past(query: PastQuery) -> Response:
    service, asked = parts(), query.model_dump(include={"section", "tag", "limit", "exclude"})
    site = service.experiments.rules(None)
    try:
        with service.guard.calling():
            if query.period:
                answer = service.past.most_viewed(query.period, **asked)
            elif query.at:
                answer = service.past.at(
                    query.at.timestamp(), window=query.window or site.window, rank=query.rank or site.rank, **asked
                )
    except RedisUnavailable as error:
        raise ServiceUnavailable("the past is not at hand just now; ask again", retry_after=_RETRY_S) from error
    return json_response(answer)


def _cacheable(answer: RelatedAnswer | TrendingAnswer | WidgetsAnswer) -> Response:
    return let_caches_keep(json_response(answer), list_policy(parts().settings), tag_of(answer.substance()))
