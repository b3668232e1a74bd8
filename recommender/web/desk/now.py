"""Now: what readers turn to and why, the stories of the day, and how the service is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from flask import Response, current_app
from pydantic import BaseModel, Field

from recommender.answers import Evidence, Item, TrendingAnswer
from recommender.article import section_key
from recommender.card import Card
from recommender.desk.reasons import reason
from recommender.desk.rules import Rules
from recommender.errors import ModelError
from recommender.related.stories import stories
from recommender.trending.charts import Question
from recommender.trending.ranks import Chart
from recommender.trending.tempo import HOUR_S
from recommender.trending.windows import SPANS, WINDOWS, Rank, WindowName
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.nights import Night, all_nights
from recommender.web.desk.pages import page
from recommender.web.endpoint import OptionalText, TextOrNone, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_LISTED = 20
_CHARTED_HOURS = 48
_READ_NOW = 200
"""Most read articles of the last day among which stories are looked for."""
_STORIES = 5
_TOLD = 4
"""Articles named of each story."""


class NowQuery(BaseModel):
    """Trending in which window, ranked how, of which section."""

    window: Annotated[WindowName | None, TextOrNone] = Field(None, description="the site's own unless given")
    rank: Annotated[Rank | None, TextOrNone] = Field(None, description="the site's own unless given")
    section: OptionalText = None


class Line(BaseModel):
    """An article of the list, how it is read, and why it stands there."""

    item: Item
    organic: int = Field(description="views in the window that did not come from the trending box")
    boxed: int = Field(description="views in the window that did")
    last_hour: int = Field(description="views in the last twelve whole spans of five minutes")
    hour_before: int = Field(description="views in the twelve before")
    hourly: list[int] = Field(description="views by hour in the last 48, the one under way last")
    since: datetime | None = Field(description="since when it has been on the list, where that is remembered")
    reason: str
    parts: dict[str, float] = Field(description="what its score is made of, by name")
    boost: float | None = Field(description="what an editor multiplies its score by")


class KeptOut(BaseModel):
    """An article that would stand on the list by its score."""

    card: Card
    reason: str


class StoryNow(BaseModel):
    """A group of articles read now that tell one story, by the rule that lists hold two of one at most."""

    words: list[str] = Field(description="the heaviest that at least half of them have")
    views: int = Field(description="in the last 24 hours, of all of them")
    articles: int
    first: list[Card] = Field(description="the most read")


class State(BaseModel):
    """How the service is."""

    model: str | None = Field(description="the version whose lists readers see")
    model_age_s: float | None
    last_night: Night | None
    waiting: int = Field(description="changed articles that the lists do not know of yet")
    stale_answers: int = Field(description="made without Redis since the service started")
    redis_ms: float = Field(description="milliseconds that Redis took to say how it is")
    redis_bytes: int
    redis_most_bytes: int = Field(description="0: no limit is set")


class NowAnswer(BaseModel):
    """What readers see, and how the service is."""

    at: datetime
    window: WindowName
    rank: Rank
    section: str | None
    evidence: Evidence
    hours_from: datetime = Field(description="when the first of the hours begins")
    lines: list[Line]
    kept_out: list[KeptOut]
    filtered_today: dict[str, int] = Field(description="views that did not count today (UTC), by reason")
    stories: list[StoryNow]
    stories_note: str | None = Field(description="why no stories can be told")
    state: State


def _now(query: NowQuery) -> NowAnswer:
    service, now = parts(), time.time()
    asked = query.model_dump()
    answer = service.boxes.trending(limit=_LISTED, **asked)
    chart = service.charts.read(Question(answer.window, answer.rank, section_key(query.section)), now=now)
    rules = service.corrections.rulebook().of("trending", section_key(query.section))
    told, note = _stories(now)
    outcomes = dict(service.counters.outcomes_by_day(now=now, days=1)[0])
    outcomes.pop("counted", None)
    return NowAnswer(
        at=datetime.fromtimestamp(now, UTC),
        window=answer.window,
        rank=answer.rank,
        section=query.section,
        evidence=answer.evidence,
        hours_from=datetime.fromtimestamp((now // HOUR_S - _CHARTED_HOURS + 1) * HOUR_S, UTC),
        lines=_lines(answer, chart, rules, now),
        kept_out=_kept_out(answer, chart, rules),
        filtered_today=dict(sorted(outcomes.items(), key=lambda item: -item[1])),
        stories=told,
        stories_note=note,
        state=_state(now),
    )


def _lines(answer: TrendingAnswer, chart: Chart, rules: Rules, now: float) -> list[Line]:
    history, ids = parts().counters.history, [item.id for item in answer.items]
    hourly = history.by_hour(ids, _CHARTED_HOURS, now=now)
    whole = now // SPANS[0].seconds * SPANS[0].seconds
    hours = [(whole - HOUR_S, whole), (whole - 2 * HOUR_S, whole - HOUR_S)]
    in_window, last_hour, hour_before = history.views(ids, [(WINDOWS[chart.window].start(now), now), *hours], now=now)
    places = {place.article_id: place for place in chart.places}
    share = parts().settings.trending_half_life_share
    lines = []
    for item in answer.items:
        one, place, boost = item.id, places.get(item.id), rules.factors.get(item.id)
        lines.append(
            Line(
                item=item,
                organic=in_window[one].organic,
                boxed=in_window[one].boxed,
                last_hour=last_hour[one].total,
                hour_before=hour_before[one].total,
                hourly=hourly[one].totals,
                since=datetime.fromtimestamp(place.since, UTC) if place and place.since else None,
                reason=reason(item.source, place, chart.window, boost, half_life_share=share),
                parts=dict(place.parts) if place else {},
                boost=boost,
            )
        )
    return lines


def _kept_out(answer: TrendingAnswer, chart: Chart, rules: Rules) -> list[KeptOut]:
    """Return those among the first of the chart that are kept off the list, and not just below it."""
    shown = {item.id for item in answer.items}
    first = [place.article_id for place in chart.places[:_LISTED] if place.article_id not in shown]
    cards = parts().catalogue.cards(first)
    told = ((card, _kept_out_by(card, answer, rules)) for card in (cards[one] for one in first if one in cards))
    return [KeptOut(card=card, reason=why) for card, why in told if why]


def _kept_out_by(card: Card, answer: TrendingAnswer, rules: Rules) -> str | None:
    if card.id in rules.banned:
        return "banned"
    if card.sensitive or card.id in parts().corrections.rulebook().sensitive:
        return "sensitive"
    most = parts().settings.trending_section_most
    of_section = sum(section_key(item.section) == card.section_key for item in answer.items)
    if most and card.section_key and not answer.section and answer.rank != "most_viewed" and of_section >= most:
        return f"as many of its section as may, {most}, stand there"
    return None


def _stories(now: float) -> tuple[list[StoryNow], str | None]:
    """Return the stories that are read most, or why none can be told."""
    service, version = parts(), parts().lists.current
    if version is None:
        return [], "no model is published yet"
    try:
        growth = service.shelf.growth(version)
    except ModelError as error:
        return [], str(error)
    read = service.counters.top("viewed", WINDOWS["24h"], now=now, count=_READ_NOW)
    found = stories(growth, read, _STORIES)
    cards = service.catalogue.cards([one for story in found for one in story.article_ids])
    return [
        StoryNow(
            words=story.words,
            views=story.views,
            articles=len(story.article_ids),
            first=list(islice((cards[one] for one in story.article_ids if one in cards), _TOLD)),
        )
        for story in found
    ], None


def _state(now: float) -> State:
    service, version = parts(), parts().lists.current
    facts = service.lists.versions().get(version or "")
    asked_at = time.perf_counter()
    memory = service.redis.info("memory")
    redis_ms = (time.perf_counter() - asked_at) * 1000
    nights = all_nights().nights
    counted = current_app.extensions["metrics"].of_all_processes()
    return State(
        model=version,
        model_age_s=now - datetime.fromisoformat(facts["published_at"]).timestamp() if facts else None,
        last_night=nights[0] if nights else None,
        waiting=service.archive.changed_since(service.lists.reached(version)) if version else 0,
        stale_answers=int(counted.get_sample_value("recommender_stale_answers_total") or 0),
        redis_ms=round(redis_ms, 2),
        redis_bytes=memory["used_memory"],
        redis_most_bytes=memory.get("maxmemory", 0),
    )


@desk_api.get("/now")
@endpoint(tag="For editors", query=NowQuery, answer=NowAnswer, signed_in=True)
def give_now() -> Response:
    """Give Trending with what is behind it, the stories that are read, and the state of the service."""
    return json_response(_now(query_as(NowQuery)))


@desk.get("/")
def now() -> str:
    """Show what readers turn to."""
    return page("desk/now.html", answer=_now(query_as(NowQuery)), sections=parts().catalogue.sections().values())


@desk.get("/now/live")
def now_live() -> str:
    """Show the part of the page that moves."""
    return page("desk/now_live.html", answer=_now(query_as(NowQuery)))
