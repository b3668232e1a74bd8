"""The public interface: what a page of the site asks for, and the views it reports."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Literal

from flask import Blueprint, Response, current_app, request
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, RootModel
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from recommender.answers import PastAnswer, RelatedAnswer, TrendingAnswer, WidgetsAnswer
from recommender.article import ArticleId
from recommender.clicks.impression import Impression
from recommender.errors import RedisUnavailable
from recommender.trending.bots import filter_reason
from recommender.trending.calendar import Period
from recommender.trending.visitors import network_of
from recommender.trending.windows import Rank, WindowName
from recommender.view import Token, View
from recommender.web.caching import let_caches_keep, list_policy, tag_of
from recommender.web.endpoint import (
    Ids,
    Limit,
    OptionalText,
    Text,
    TextOrNone,
    body_as,
    endpoint,
    json_response,
    query_as,
    text_or_none,
)
from recommender.web.parts import parts
from recommender.web.serving import served

__all__ = ["public"]

public = Blueprint("public", __name__, url_prefix="/v1")


def _past_moment(at: datetime) -> datetime:
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at.timestamp() > time.time():
        raise ValueError("must not lie in the future")
    return at


Moment = Annotated[datetime, AfterValidator(_past_moment)]
VariantName = Annotated[OptionalText, Field(description="of a running experiment; one that is not running is as none")]

_BEACON_BYTES = 4096
_RETRY_S = 2


class RelatedQuery(BaseModel):
    """Which article's related ones, and how many."""

    article_id: Annotated[ArticleId, Text]
    limit: Limit = 6
    section: OptionalText = None
    exclude: Ids = []
    variant: VariantName = None


class TrendingQuery(BaseModel):
    """Trending when, ranked how, where, and how many."""

    window: Annotated[WindowName | None, Text] = Field(None, description="RECOMMENDER_TRENDING_WINDOW, auto unless set")
    rank: Annotated[Rank | None, Text] = Field(None, description="RECOMMENDER_TRENDING_RANK, trending unless set")
    section: OptionalText = None
    tag: OptionalText = None
    limit: Limit = 10
    exclude: Ids = []
    variant: VariantName = None
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


class Accepted(BaseModel):
    """What was told is in Redis: counted, or filtered."""

    status: Literal["accepted"] = "accepted"


@public.get("/related")
@endpoint(tag="For the website", query=RelatedQuery, answer=RelatedAnswer)
def related() -> Response:
    """Give the Related Articles box of an article.

    The list is filled up from trending, the section and the newest articles, so it is short only when the catalogue
    is. An article nobody knows yet gets a filled list too.
    """
    query = query_as(RelatedQuery)
    return _cacheable(
        parts().boxes.related(
            query.article_id, limit=query.limit, section=query.section, exclude=query.exclude, variant=query.variant
        )
    )


@public.get("/trending")
@endpoint(tag="For the website", query=TrendingQuery, answer=Trending)
def trending() -> Response:
    """Give the Trending box, of the site, of a section or of a tag.

    `evidence` says whose views it is ranked by: where the window asked for has too few, the next wider one ranks.

    `at` (RFC 3339) gives the list of a moment of the past year instead, as near as the history tells: by five minutes
    for two days, by hour for thirty, by day for the year. `period` (today, yesterday, week) gives the most viewed of a
    day or week of the newsroom's calendar.
    """
    query = query_as(TrendingQuery)
    if query.at or query.period:
        return _past(query)
    return _cacheable(
        parts().boxes.trending(
            limit=query.limit,
            window=query.window,
            rank=query.rank,
            section=query.section,
            tag=query.tag,
            exclude=query.exclude,
            variant=query.variant,
        )
    )


@public.get("/widgets")
@endpoint(tag="For the website", query=WidgetsQuery, answer=WidgetsAnswer)
def widgets() -> Response:
    """Give both boxes of an article page in one answer: no article twice, never the current one."""
    query = query_as(WidgetsQuery)
    return _cacheable(
        parts().boxes.widgets(
            query.article_id,
            related=query.related,
            trending=query.trending,
            section=query.section,
            window=query.window,
            rank=query.rank,
            exclude=query.exclude,
            variant=query.variant,
        )
    )


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


@public.post("/views")
@endpoint(tag="For the website", body=View, answer=Accepted, status=202)
def views() -> Response:
    """Report that a reader opened an article.

    Send it as `application/json` or `text/plain`. Give an `event_id` and a view may be sent again after an error
    without counting twice. Views by bots, of unknown articles, and repeats are accepted alike and not counted.

    With `source` (the box), `position` and `request_id` it is a click, and counts as one if the same visitor's
    impression of that box was counted.
    """
    service, metrics = parts(), current_app.extensions["metrics"]
    try:
        view = body_as(View, most_bytes=_BEACON_BYTES)
    except HTTPException:
        with suppress(RedisUnavailable), service.guard.calling():
            service.counters.note("malformed", now=time.time())
        raise
    now, visitor = time.time(), _visitor()
    try:
        with service.guard.calling():
            became = service.counters.count(
                view, now=now, visitor=visitor, network=_network(), reason=filter_reason(request.headers)
            )
            if followed := service.clicks.follow(view, became, now=now, visitor=visitor):
                metrics.clicks.labels(*followed).inc()
    except RedisUnavailable as error:
        metrics.refused_views.inc()
        raise ServiceUnavailable("views cannot be counted just now; send it again", retry_after=_RETRY_S) from error
    return json_response(Accepted(), 202)


@public.post("/impressions")
@endpoint(tag="For the website", body=Impression, answer=Accepted, status=202)
def impressions() -> Response:
    """Report that a box was in a reader's sight.

    Send it as `application/json` or `text/plain`, once for each box that was shown. It counts once for each visitor
    and `request_id`. Those of bots, and with a `request_id` that is none of ours or over a day old, are accepted
    alike and not counted.
    """
    shown, service = body_as(Impression, most_bytes=_BEACON_BYTES), parts()
    try:
        with service.guard.calling():
            outcome = service.clicks.show(
                shown, now=time.time(), visitor=_visitor(), reason=filter_reason(request.headers)
            )
    except RedisUnavailable as error:
        raise ServiceUnavailable("impressions cannot be counted just now", retry_after=_RETRY_S) from error
    current_app.extensions["metrics"].impressions.labels(shown.box, outcome).inc()
    return json_response(Accepted(), 202)


def _past(query: TrendingQuery) -> Response:
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


def _visitor() -> str:
    """Return what tells this connection from others."""
    return f"{request.remote_addr}\n{request.headers.get('User-Agent', '')}"


def _network() -> str | None:
    """Return the network the reader comes from, if that tells readers apart.

    The machine's own address does not; nor, unless proxies that are trusted vouch for it, does a private one, which is
    that of a proxy nobody told us of.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return None
    vouched = parts().settings.trusted_proxies > 0
    return network_of(address) if address.is_global or (vouched and not address.is_loopback) else None


def _cacheable(answer: RelatedAnswer | TrendingAnswer | WidgetsAnswer) -> Response:
    served(answer)
    return let_caches_keep(json_response(answer), list_policy(parts().settings), tag_of(answer.substance()))
