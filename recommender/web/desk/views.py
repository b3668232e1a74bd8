"""How an article was read: its views over time, and when it was in Trending."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from recommender.article import ArticleId
from recommender.trending.tempo import HOUR_S
from recommender.trending.windows import SPANS
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.endpoint import Text, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__ = ["SpanName", "views_over_time"]

SpanName = Literal["5min", "hour", "day"]
_SPANS = dict(zip(("5min", "hour", "day"), SPANS, strict=True))
_LEAST = 24
"""Spans that are shown at least, however late the first view came."""


class ViewsQuery(BaseModel):
    """Which article's views, told apart by how long a time."""

    article_id: Annotated[ArticleId, Text]
    by: Annotated[SpanName, Text] = "hour"


class Spell(BaseModel):
    """A time in which an article was in Trending, to the hour."""

    since: datetime
    until: datetime


class ViewsAnswer(BaseModel):
    """An article's views, one number for each span from the first view on; the last span is under way."""

    article_id: str
    by: SpanName
    since: datetime = Field(description="when the first span begins")
    seconds: int = Field(description="length of a span")
    organic: list[int] = Field(description="views that did not come from the Trending box")
    boxed: list[int] = Field(description="views that did")
    in_trending: list[Spell] = Field(
        description="when it was on the list of the whole site by its views, in the last thirty days, the first first"
    )

    def plotted(self, zone: str) -> dict[str, Any]:
        """Return what static/desk/charts.js draws, to the end of the span under way; Trending is shaded."""
        start = int(self.since.timestamp())
        return {
            "zone": zone,
            "x": [start + at * self.seconds for at in range(len(self.organic) + 1)],
            "series": [
                {"label": "organic", "values": [*self.organic, None]},
                {"label": "Trending box", "values": [*self.boxed, None]},
            ],
            "spans": [(spell.since.timestamp(), spell.until.timestamp()) for spell in self.in_trending],
        }


def views_over_time(article_id: str, by: SpanName = "hour") -> ViewsAnswer:
    """Tell an article's views: by five minutes for two days, by hour for thirty, by day for a year.

    Raises
    ------
    redis.exceptions.RedisError
    """
    service, now = parts(), time.time()
    ((series,),) = service.counters.history.series([article_id], now=now, spans=[_SPANS[by]]).values()
    first = next((at for at, some in enumerate(zip(series.organic, series.boxed, strict=True)) if any(some)), None)
    start = min(len(series.organic) - _LEAST if first is None else first, len(series.organic) - _LEAST)
    return ViewsAnswer(
        article_id=article_id,
        by=by,
        since=datetime.fromtimestamp(series.start + start * series.seconds, UTC),
        seconds=series.seconds,
        organic=series.organic[start:],
        boxed=series.boxed[start:],
        in_trending=_spells(service.charts.hours_listed(article_id, now=now)),
    )


def _spells(hours: Sequence[int]) -> list[Spell]:
    """Return the times that hours which follow each other make."""
    spells: list[Spell] = []
    for hour in hours:
        since, until = (datetime.fromtimestamp(second, UTC) for second in (hour, hour + HOUR_S))
        if spells and spells[-1].until == since:
            since = spells.pop().since
        spells.append(Spell(since=since, until=until))
    return spells


@desk_api.get("/article/views")
@endpoint(tag="For editors", query=ViewsQuery, answer=ViewsAnswer, signed_in=True)
def give_views() -> Response:
    """Give an article's views over time, and when it was in Trending."""
    query = query_as(ViewsQuery)
    return json_response(views_over_time(query.article_id, query.by))


@desk.get("/article/views")
def article_views() -> str:
    """Show an article's views over time, told apart by another length of time."""
    query = query_as(ViewsQuery)
    return page("desk/views.html", views=views_over_time(query.article_id, query.by))
