"""The boxes for other people's pages: the script that fills them, and HTML for those who include it themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from flask import Blueprint, Response, render_template, request
from pydantic import BaseModel, Field

from recommender.answers import RelatedAnswer, TrendingAnswer
from recommender.experiments.assignment import bounds, factor
from recommender.web.caching import let_caches_keep, list_policy, tag_of
from recommender.web.endpoint import Number, OptionalText, Text, endpoint, query_as
from recommender.web.parts import parts
from recommender.web.public import RelatedQuery, TrendingQuery, related_box, trending_box

__all__ = ["box_label", "embed"]

embed = Blueprint("embed", __name__)

_FILES = files("recommender.web").joinpath("static", "widgets")
_ASSET_POLICY = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
_SCRIPT_POLICY = "public, max-age=300, stale-while-revalidate=300, stale-if-error=604800"
"""The script knows of the running experiment."""

Layout = Literal["cards", "list", "numbered"]


class Look(BaseModel):
    """How a box looks, and the language of its label."""

    layout: Annotated[Layout | None, Text] = None
    label: OptionalText = Field(None, description="in place of the label in the page's language")
    lang: OptionalText = Field("en", description="of the label: BCP 47")
    heading: Annotated[Number, Field(ge=1, le=6)] = 2


class RelatedBoxQuery(RelatedQuery, Look):
    """Which article's related ones, and how they look."""


class TrendingBoxQuery(TrendingQuery, Look):
    """What trends, and how it looks."""


@embed.get("/widgets.js")
@endpoint(tag="For the website", media="text/javascript")
def widgets_script() -> Response:
    """Give the script that fills a page's boxes and reports its view."""
    running = parts().experiments.running()
    drawn = [factor(running.name), list(bounds(running.shares).items())] if running else 0
    script = _file("widgets.min.js").replace("__EXPERIMENT__", json.dumps(drawn, separators=(",", ":")))
    return let_caches_keep(Response(script, mimetype="text/javascript"), _SCRIPT_POLICY, tag_of(script))


@embed.get("/widgets.css")
@endpoint(tag="For the website", media="text/css")
def widgets_style() -> Response:
    """Give the style sheet of the boxes, for pages that include them as HTML; the script brings it along."""
    response = Response(_file("widgets.css"), mimetype="text/css")
    return let_caches_keep(response, _ASSET_POLICY, tag_of(_file("widgets.css")))


@embed.get("/embed/related")
@endpoint(tag="For the website", query=RelatedBoxQuery, media="text/html")
def embed_related() -> Response:
    """Give the Related Articles box as HTML, for a page that includes it on its way to the reader."""
    query = query_as(RelatedBoxQuery)
    return _fragment("related", query, related_box(query))


@embed.get("/embed/trending")
@endpoint(tag="For the website", query=TrendingBoxQuery, media="text/html")
def embed_trending() -> Response:
    """Give the Trending box as HTML."""
    query = query_as(TrendingBoxQuery)
    return _fragment("trending", query, trending_box(query))


def _fragment(box: str, look: Look, answer: RelatedAnswer | TrendingAnswer) -> Response:
    html = render_template(
        "embed.html",
        box=box,
        layout=look.layout,
        label=look.label or box_label(box, look.lang),
        heading=look.heading,
        items=answer.items,
        request_id=answer.request_id,
    )
    tag = tag_of(request.full_path + answer.substance())
    return let_caches_keep(Response(html, mimetype="text/html"), list_policy(parts().settings), tag)


@embed.app_template_global()
def box_label(box: str, language: str | None = "en") -> str:
    """Return what a box is called in a language; in English where we do not know it."""
    labels: Mapping[str, list[str]] = json.loads(_file("labels.json"))
    related, trending = labels.get((language or "en").lower().split("-")[0], labels["en"])
    return related if box == "related" else trending


@cache
def _file(name: str) -> str:
    return _FILES.joinpath(name).read_text(encoding="utf-8")
