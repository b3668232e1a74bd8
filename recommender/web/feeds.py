"""What trends, as an RSS feed and as a JSON Feed."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, json, request
from lxml import etree
from lxml.builder import ElementMaker

from recommender.answers import Item, TrendingAnswer
from recommender.web.caching import let_caches_keep, list_policy, tag_of
from recommender.web.embed import box_label
from recommender.web.endpoint import endpoint, query_as
from recommender.web.parts import parts
from recommender.web.public import TrendingQuery, trending_box

__all__ = ["feeds"]

feeds = Blueprint("feeds", __name__, url_prefix="/feeds")

_ATOM = "http://www.w3.org/2005/Atom"
_MEDIA = "http://search.yahoo.com/mrss/"
_MAKE = ElementMaker(nsmap={"atom": _ATOM, "media": _MEDIA})
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""Characters that XML has no way to write; control characters are in no article."""


@feeds.get("/trending.rss")
@endpoint(tag="For the website", query=TrendingQuery, media="application/rss+xml")
def trending_rss() -> Response:
    """Give what trends as RSS 2.0."""
    answer = trending_box(query_as(TrendingQuery))
    channel = _MAKE.channel(
        _MAKE.title(_text(_title(answer))),
        _MAKE.link(_home()),
        _MAKE.description(_text(_title(answer))),
        _MAKE(f"{{{_ATOM}}}link", rel="self", type="application/rss+xml", href=request.url),
        *map(_rss_item, answer.items),
    )
    content = etree.tostring(_MAKE.rss(channel, version="2.0"), xml_declaration=True, encoding="utf-8")
    return _feed(content.decode(), "application/rss+xml", answer)


@feeds.get("/trending.json")
@endpoint(tag="For the website", query=TrendingQuery, media="application/feed+json")
def trending_json() -> Response:
    """Give what trends as JSON Feed 1.1."""
    answer = trending_box(query_as(TrendingQuery))
    content = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(answer),
        "home_page_url": _home(),
        "feed_url": request.url,
        "items": [_json_item(item) for item in answer.items],
    }
    return _feed(json.dumps(content, ensure_ascii=False), "application/feed+json", answer)


def _feed(content: str, media: str, answer: TrendingAnswer) -> Response:
    response = Response(content, content_type=f"{media}; charset=utf-8")
    return let_caches_keep(response, list_policy(parts().settings), tag_of(request.url + answer.substance()))


def _title(answer: TrendingAnswer) -> str:
    names = [parts().settings.site_name, answer.section, box_label("trending")]
    return " \N{EN DASH} ".join(name for name in names if name)


def _home() -> str:
    return parts().settings.site_url or request.url_root


def _rss_item(item: Item) -> etree._Element:
    element = _MAKE.item(
        _MAKE.title(_text(item.title)), _MAKE.link(_text(item.url)), _MAKE.guid(_text(item.id), isPermaLink="false")
    )
    if item.section:
        element.append(_MAKE.category(_text(item.section)))
    if item.published_at:
        element.append(_MAKE.pubDate(format_datetime(item.published_at)))
    if item.image_url:
        element.append(_MAKE(f"{{{_MEDIA}}}content", url=_text(item.image_url), medium="image"))
    return element


def _json_item(item: Item) -> dict[str, Any]:
    fields = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_text": item.title,
        "image": item.image_url,
        "date_published": item.published_at and item.published_at.isoformat(),
        "tags": [item.section] if item.section else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", value)
