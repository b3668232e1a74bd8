"""Clicks: how often each place, source and variant was shown and clicked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, Field

from recommender.answers import BOXES, BoxName
from recommender.clicks.report import BoxReport, ClicksReport, Rate, report
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.endpoint import Number, TextOrNone, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_SPANS = {1: "Today", 7: "7 days", 28: "28 days", 90: "90 days"}


class ClicksQuery(BaseModel):
    """Which days, and of which box."""

    days: Annotated[Number, Field(ge=1, le=366)] = 7
    box: Annotated[BoxName | None, TextOrNone] = None


def _report(query: ClicksQuery) -> ClicksReport:
    now = time.time()
    tallies = parts().clicks.tallies(now=now, days=query.days)
    return report(tallies, now=now, days=query.days, boxes=[query.box] if query.box else BOXES)


def _by_position(box: BoxReport) -> dict[str, Any]:
    """Return a plot for ``static/desk/charts.js``."""
    return {"what": "Position", "labels": [str(one.position) for one in box.positions], **_plotted(box.positions)}


def _by_day(box: BoxReport) -> dict[str, Any]:
    midnights = [datetime.combine(one.day, datetime.min.time(), UTC).timestamp() for one in box.days]
    return {"x": midnights, **_plotted(box.days)}


def _plotted(rates: Sequence[Rate]) -> dict[str, Any]:
    """Return rates in percent, each with its interval."""
    in_percent = [
        [None if share is None else round(100 * share, 2) for share in (one.ctr, one.low, one.high)] for one in rates
    ]
    values, lows, highs = zip(*in_percent, strict=True)
    return {"unit": "%", "series": [{"label": "CTR", "values": values, "lows": lows, "highs": highs}]}


@desk_api.get("/clicks")
@endpoint(tag="For editors", query=ClicksQuery, answer=ClicksReport, signed_in=True)
def give_clicks() -> Response:
    """Give how often boxes were shown and clicked, by place, source, ranking variant and day, with 95 % intervals."""
    return json_response(_report(query_as(ClicksQuery)))


@desk.get("/clicks")
def clicks() -> str:
    """Show how often boxes were shown and clicked."""
    query = query_as(ClicksQuery)
    return page(
        "desk/clicks.html", query=query, report=_report(query), spans=_SPANS, by_position=_by_position, by_day=_by_day
    )
