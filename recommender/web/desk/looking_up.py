"""An article: what readers get beside it, what stands just below, why, and where it appears itself."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from flask import Response, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import NotFound

from recommender.answers import Item
from recommender.article import Article, ArticleId
from recommender.card import Card
from recommender.desk.explaining import with_ban
from recommender.errors import ModelError
from recommender.related.explain import Explanation, explain
from recommender.related.growth import Growth
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.desk.views import SpanName, views_over_time
from recommender.web.editors import ExplainQuery, explained
from recommender.web.endpoint import OptionalText, Text, TextOrNone, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_FOUND = 12
_BELOW = 8
_LISTED_IN = 20


class FindQuery(BaseModel):
    """What to look for."""

    q: OptionalText = Field(None, description="id, URL, or words of the title; the last may be unfinished")


class Found(BaseModel):
    """Articles, the newest first."""

    articles: list[Card]


class ArticleQuery(BaseModel):
    """Which article."""

    article_id: Annotated[ArticleId, Text]


class FindPageQuery(FindQuery):
    """What to look for, and the article beside which it is to be explained, if any."""

    beside: Annotated[ArticleId | None, TextOrNone] = None


class ArticlePageQuery(BaseModel):
    """Which article, and beside which other."""

    article_id: Annotated[ArticleId | None, TextOrNone] = None
    other_id: Annotated[ArticleId | None, TextOrNone] = None
    by: Annotated[SpanName, Text] = "hour"


class Near(BaseModel):
    """An article that is a candidate for another's list, and does not stand among what readers get."""

    card: Card
    score: float = Field(description="after all adjustments")
    cosine: float
    listed: bool = Field(description="whether it is on the list, beyond the places that readers get")
    reason: str = Field(description="why it stands no higher, in plain words")


class Place(BaseModel):
    """An article in whose list another stands."""

    card: Card
    rank: int = Field(description="in the list as it is published, before corrections")


class ArticleAnswer(BaseModel):
    """An article and its surroundings."""

    article: Article
    model: str | None
    related: list[Item] = Field(description="as readers get it")
    below: list[Near] = Field(description="those next in line: of the list first, then the best that are not on it")
    listed_in: list[Place] = Field(description="in whose lists it stands, the best rank first")
    listed_in_count: int
    note: str | None = Field(description="why there is nothing of the model")


def _found(query: FindQuery) -> Found:
    text = (query.q or "").strip()
    return Found(articles=parts().archive.find(text, _FOUND) if text else [])


def _article(article_id: str) -> ArticleAnswer:
    service, note, growth = parts(), None, None
    article = service.archive.get(article_id)
    if article is None:
        raise NotFound(f"there is no article {article_id}")
    version = service.lists.current
    try:
        growth = service.shelf.growth(version) if version else None
    except ModelError as error:
        note = str(error)
    related = service.boxes.related(article_id).items
    listed_in = growth.listed_in(article_id) if growth else {}
    first = dict(list(listed_in.items())[:_LISTED_IN])
    cards = service.archive.cards(list(first))
    return ArticleAnswer(
        article=article.model_copy(update={"body": None}),
        model=version,
        related=related,
        below=_below(growth, version, article_id, {item.id for item in related}) if growth and version else [],
        listed_in=[Place(card=cards[one], rank=rank) for one, rank in first.items() if one in cards],
        listed_in_count=len(listed_in),
        note=note if version else "no model is published yet",
    )


def _below(growth: Growth, version: str, article_id: str, shown: set[str]) -> list[Near]:
    """Return who would come next: the rest of the list, then the best of the candidates that did not come on it."""
    place = growth.place(article_id)
    if place is None:
        return []
    model, _ = growth.part([place])
    worth = model.worth(model.places[article_id])
    others = sorted(worth, key=lambda other: -worth[other])
    line = dict.fromkeys([*growth.list_of(article_id), *(model.ids[other] for other in others)])
    waiting = [one for one in line if one not in shown and one != article_id]
    service = parts()
    cards = service.archive.cards(waiting)
    near = []
    for card in islice((cards[one] for one in waiting if one in cards), _BELOW):
        why = with_ban(explain(growth, version, service.archive, article_id, card.id), service.corrections)
        near.append(Near(card=card, score=why.score, cosine=why.cosine, listed=why.listed, reason=why.reason))
    return near


@desk_api.get("/articles")
@endpoint(tag="For editors", query=FindQuery, answer=Found, signed_in=True)
def find_articles() -> Response:
    """Find articles by id, URL or the words of their title."""
    return json_response(_found(query_as(FindQuery)))


@desk_api.get("/article")
@endpoint(tag="For editors", query=ArticleQuery, answer=ArticleAnswer, signed_in=True)
def give_article() -> Response:
    """Give what readers get beside an article, who would come next, and in whose lists it stands."""
    return json_response(_article(query_as(ArticleQuery).article_id))


@desk.get("/article")
def article() -> str:
    """Show an article, or the search for one."""
    query = query_as(ArticlePageQuery)
    if not query.article_id:
        return page("desk/article.html", answer=None)
    answer, views = _article(query.article_id), views_over_time(query.article_id, query.by)
    if not query.other_id:
        return page("desk/article.html", answer=answer, views=views)
    beside = _beside(query.article_id, query.other_id)
    return page("desk/article.html", answer=answer, views=views, other=_card(query.other_id), **beside)


@desk.get("/article/find")
def find_article() -> str:
    """Show the articles that are being looked for: to be opened, or to be explained beside another."""
    query = query_as(FindPageQuery)
    return page("desk/found.html", query=query, found=_found(query).articles)


@desk.get("/article/why")
def article_why() -> str:
    """Show why one article stands in another's list, or why not; with its title where that is not beside it."""
    query = query_as(ExplainQuery)
    other = _card(query.other_id) if request.headers.get("HX-Target") == "other" else None
    return page("desk/why.html", other=other, **_beside(query.article_id, query.other_id))


def _beside(article_id: str, other_id: str) -> dict[str, Explanation | str]:
    """Return the explanation of one article beside another, or why there is none."""
    try:
        return {"why": explained(article_id, other_id)}
    except NotFound as error:
        return {"unexplained": error.description or ""}


def _card(article_id: str) -> Card | None:
    return parts().archive.cards([article_id]).get(article_id)
