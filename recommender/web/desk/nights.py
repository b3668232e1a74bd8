"""Nights: the training runs and what became of them, what changed between two versions, and which one readers see."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from flask import Response, redirect, request, url_for
from pydantic import BaseModel, BeforeValidator, Field
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as AnyResponse

from recommender.errors import RecommenderError
from recommender.related.diff import Difference, diff
from recommender.related.publication import Outcome
from recommender.trending.windows import WINDOWS
from recommender.web.desk.access import user
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.endpoint import Text, body_as, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__ = ["Night", "all_nights"]

_BODY_BYTES = 1024
_COMPARED = 200
"""Most read articles whose lists are compared."""
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
"""A report is one page with its styles and drawings in it, and nothing that runs."""

RunName = Annotated[str, Field(pattern=r"^[0-9]{8}T[0-9]{6}Z(-[0-9]{1,9})?$")]
"""Never a path."""


class Night(BaseModel):
    """One training run."""

    run: str = Field(description="its name, which is its version's too")
    outcome: Outcome
    kept: bool = Field(description="whether readers can be given its version")
    current: bool = Field(description="whether readers see its version")
    reason: str = Field("", description="of a run that did not publish")
    by: str = ""
    started_at: Annotated[datetime | None, BeforeValidator(lambda text: text or None)] = None
    duration_s: float = Field(description="the sum of its steps")
    articles: int = 0
    lists: int = Field(0, description="articles with a list")
    copies: int = 0
    read: int = Field(0, description="articles whose text was read; the others had not changed")
    forced: bool = Field(False, description="published although the guard found something")
    findings: Annotated[list[dict[str, Any]], BeforeValidator(lambda found: found or [])] = Field(
        [], description="figures beyond their limits, with what they were before"
    )
    quality: dict[str, Any] = {}
    seconds: dict[str, float] = Field({}, description="by step")


class NightsAnswer(BaseModel):
    """The runs, the newest first."""

    current: str | None = Field(description="the version that readers see")
    nights: list[Night]


class NightQuery(BaseModel):
    """Which run."""

    run: Annotated[RunName, Text]


class DifferenceQuery(BaseModel):
    """Which two versions."""

    old: Annotated[RunName, Text]
    new: Annotated[RunName, Text]


class CurrentVersion(BaseModel):
    """The version that readers see."""

    version: RunName


def all_nights() -> NightsAnswer:
    """Return what became of the training runs."""
    lists = parts().lists
    current, versions, runs = lists.current, lists.versions(), lists.runs()
    told = {run["run"] for run in runs}
    # A version may be kept for longer than the history of runs.
    older = [facts for version, facts in reversed(versions.items()) if version not in told]
    return NightsAnswer(current=current, nights=[_night(facts, versions, current) for facts in (*runs, *older)])


def _night(facts: Mapping[str, Any], kept: Mapping[str, Any], current: str | None) -> Night:
    run = facts["run"]
    duration_s = round(sum(facts.get("seconds", {}).values()), 1)
    return Night.model_validate({**facts, "kept": run in kept, "current": run == current, "duration_s": duration_s})


def _one_night(run: str) -> Night:
    for night in all_nights().nights:
        if night.run == run:
            return night
    raise NotFound(f"no run {run} is remembered")


def _difference(query: DifferenceQuery) -> Difference:
    """Compare the lists of the articles most read in seven days, then of the newest."""
    service = parts()
    read = service.counters.top("viewed", WINDOWS["7d"], "", now=time.time(), count=_COMPARED)
    ids = dict.fromkeys([*read, *service.catalogue.latest("", 0, _COMPARED)])
    try:
        return diff(service.lists, query.old, query.new, islice(ids, _COMPARED))
    except RecommenderError as error:
        raise NotFound(str(error)) from error


def _give_readers(version: str) -> None:
    lists, before = parts().lists, parts().lists.current
    try:
        lists.roll_back(version)
    except RecommenderError as error:
        raise BadRequest(str(error)) from error
    parts().trace.add(user().name, "model rolled back", version, before={"version": before}, after={"version": version})


@desk_api.get("/nights")
@endpoint(tag="For editors", answer=NightsAnswer, signed_in=True)
def give_nights() -> Response:
    """Give the training runs, the newest first: when, by whom, and what became of them."""
    return json_response(all_nights())


@desk_api.get("/nights/run")
@endpoint(tag="For editors", query=NightQuery, answer=Night, signed_in=True)
def give_night() -> Response:
    """Give one training run: its counts, its steps, its quality and what the guard found."""
    return json_response(_one_night(query_as(NightQuery).run))


@desk_api.get("/nights/difference")
@endpoint(tag="For editors", query=DifferenceQuery, answer=Difference, signed_in=True)
def give_difference() -> Response:
    """Give what changed from one version to another in the lists of the most read articles."""
    return json_response(_difference(query_as(DifferenceQuery)))


@desk_api.post("/nights/current")
@endpoint(tag="For editors", body=CurrentVersion, answer=NightsAnswer, signed_in=True)
def change_version() -> Response:
    """Give readers another kept version, older or newer."""
    _give_readers(body_as(CurrentVersion, most_bytes=_BODY_BYTES).version)
    return json_response(all_nights())


@desk.get("/nights")
def nights() -> str:
    """Show the runs."""
    return page("desk/nights.html", answer=all_nights())


@desk.get("/nights/run")
def night() -> str:
    """Show one run."""
    found = _one_night(query_as(NightQuery).run)
    return page("desk/night.html", night=found, has_report=(parts().shelf.path(found.run) / "quality.html").is_file())


@desk.get("/nights/report")
def report() -> Response:
    """Show the quality report of a run, as the run wrote it, in a frame in which nothing runs."""
    run = _one_night(query_as(NightQuery).run).run
    try:
        content = (parts().shelf.path(run) / "quality.html").read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no report of {run} on this machine") from error
    return Response(content, mimetype="text/html", headers={"Content-Security-Policy": _REPORT_POLICY})


@desk.get("/nights/difference")
def difference() -> str:
    """Show what changed from one version to another."""
    found = _difference(query_as(DifferenceQuery))
    ids = {one for change in found.changes for one in (change.article_id, *change.came, *change.went)}
    cards = parts().catalogue.cards(list(ids))
    return page("desk/difference.html", found=found, titles={one: card.title for one, card in cards.items()})


@desk.post("/nights/current")
def take_version() -> AnyResponse:
    """Give readers another version."""
    _give_readers(request.form.get("version", "")[:_BODY_BYTES])
    return redirect(url_for("desk.nights"), 303)
