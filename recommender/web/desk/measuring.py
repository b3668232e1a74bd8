"""Measure: how boxes are filled, how fresh they are, which sections have lists, and which views do not count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, get_args

from flask import Response
from pydantic import BaseModel, Field

from recommender.answers import BOXES, BoxName, Source
from recommender.errors import ModelError
from recommender.related.coverage import coverage
from recommender.served import AGES, ServedDay
from recommender.trending.counters import Outcome
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.endpoint import Number, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_SPANS = {1: "Today", 7: "7 days", 28: "28 days", 90: "90 days"}
_BOX_LENGTH = 6
"""Places of a Related box, where a page asks for no other number."""
_COLOURS = ("related", "trending", "section", "latest", "pinned")
"""A source has the same colour in both boxes."""
_REASONS: dict[Outcome, str] = {
    "repeat": "the same visitor and article again too soon",
    "replayed": "told twice, under one event id",
    "bot": "by a program",
    "prefetch": "fetched ahead, perhaps never seen",
    "network": "more from one network than its share",
    "unknown": "of no article that readers may see",
    "malformed": "not to be understood",
}


class MeasureQuery(BaseModel):
    """Which days."""

    days: Annotated[Number, Field(ge=1, le=366)] = 7


class BoxMeasure(BaseModel):
    """What the boxes of one name held."""

    box: BoxName
    boxes: int = Field(description="how many were served")
    filled: int = Field(description="how many of them had to be filled up")
    sources: dict[str, int] = Field(description="items by where they came from")
    ages: dict[str, int] = Field(description="items by age when they were served, each up to its name")
    days: list[ServedDay] = Field(description="the last day last")


class SectionCoverage(BaseModel):
    """How many articles of a section have a list that fills a Related box by itself."""

    section: str | None
    articles: int
    full: int


class FilteredDay(BaseModel):
    """The views that were told on one day."""

    day: date
    counted: int
    filtered: dict[str, int] = Field(description="views that did not count, by reason")


class MeasureAnswer(BaseModel):
    """Figures of the last days (UTC)."""

    since: date
    until: date
    boxes: list[BoxMeasure]
    coverage: list[SectionCoverage] = Field(description="by the lists that readers see, the largest section first")
    note: str | None = Field(description="why there is no coverage")
    views: list[FilteredDay] = Field(description="the last day last")


def _measure(query: MeasureQuery) -> MeasureAnswer:
    now = time.time()
    today = datetime.fromtimestamp(now, UTC).date()
    days = [today - timedelta(days=back) for back in reversed(range(query.days))]
    covered, note = _coverage()
    return MeasureAnswer(
        since=days[0],
        until=today,
        boxes=[_box(box, parts().served.by_day(box, now=now, days=query.days)) for box in BOXES],
        coverage=covered,
        note=note,
        views=[
            FilteredDay(
                day=day,
                counted=told.get("counted", 0),
                filtered={reason: told[reason] for reason in _REASONS if told.get(reason)},
            )
            for day, told in zip(days, parts().counters.outcomes_by_day(now=now, days=query.days), strict=True)
        ],
    )


def _box(box: BoxName, days: list[ServedDay]) -> BoxMeasure:
    sources: Counter[str] = sum((day.sources for day in days), Counter())
    ages: Counter[str] = sum((day.ages for day in days), Counter())
    return BoxMeasure(
        box=box,
        boxes=sum(day.boxes for day in days),
        filled=sum(day.filled for day in days),
        sources={source: sources[source] for source in _order(box) if sources[source]},
        ages={age: ages[age] for age in AGES},
        days=days,
    )


def _order(box: BoxName) -> list[str]:
    """Return the sources, those that a box is about first."""
    return [box, *(source for source in get_args(Source) if source != box)]


def _coverage() -> tuple[list[SectionCoverage], str | None]:
    service, version = parts(), parts().lists.current
    if version is None:
        return [], "no model is published yet"
    try:
        growth = service.shelf.growth(version)
    except ModelError as error:
        return [], str(error)
    names = service.catalogue.sections()
    return [
        SectionCoverage(section=names.get(one.section, one.section) or None, articles=one.articles, full=one.full)
        for one in coverage(growth, _BOX_LENGTH)
    ], None


def _sources_by_day(box: BoxMeasure) -> dict[str, Any]:
    """Return a plot for ``static/desk/charts.js``, in percent of a day's items."""
    return {
        "x": [_midnight(day.day) for day in box.days],
        "unit": "%",
        "series": [
            {
                "label": source,
                "colour": _COLOURS.index(source) + 1,
                "values": [round(100 * day.sources[source] / max(1, day.sources.total()), 2) for day in box.days],
            }
            for source in box.sources
        ],
    }


def _ages(box: BoxMeasure) -> dict[str, Any]:
    return {"labels": list(box.ages), "series": [{"label": "items", "values": list(box.ages.values())}]}


def _filtered_by_day(days: Sequence[FilteredDay]) -> dict[str, Any]:
    reasons: Mapping[str, int] = sum((Counter(day.filtered) for day in days), Counter())
    return {
        "x": [_midnight(day.day) for day in days],
        "series": [
            {"label": reason, "values": [day.filtered.get(reason, 0) for day in days]}
            for reason in _REASONS
            if reasons.get(reason)
        ],
    }


def _midnight(day: date) -> float:
    return datetime.combine(day, datetime.min.time(), UTC).timestamp()


@desk_api.get("/measure")
@endpoint(tag="For editors", query=MeasureQuery, answer=MeasureAnswer, signed_in=True)
def give_measure() -> Response:
    """Give how boxes were filled and how fresh they were, which sections have lists, and which views did not count."""
    return json_response(_measure(query_as(MeasureQuery)))


@desk.get("/measure")
def measure() -> str:
    """Show how boxes are filled, how fresh they are, which sections have lists, and which views do not count."""
    query = query_as(MeasureQuery)
    return page(
        "desk/measure.html",
        query=query,
        answer=_measure(query),
        spans=_SPANS,
        reasons=_REASONS,
        length=_BOX_LENGTH,
        sources_by_day=_sources_by_day,
        ages=_ages,
        filtered_by_day=_filtered_by_day,
    )
