"""An article: what readers get beside it, what stands just below, why, and where it appears itself."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import BaseModel, Field
from werkzeug.exceptions import NotFound

from recommender.answers import Item
from recommender.article import Article, ArticleId
from recommender.card import Card
from recommender.errors import ModelError
from recommender.related.explain import Explanation
from recommender.related.growth import Growth
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
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


class ArticlePageQuery(BaseModel):
    """Which article, and beside which other."""

    article_id: Annotated[ArticleId | None, TextOrNone] = None
    other_id: Annotated[ArticleId | None, TextOrNone] = None


class Near(BaseModel):
    """An article near another, and by how much."""

    card: Card
    score: float | None = Field(description="in the list; null: a candidate that did not come on it")
    cosine: float | None = Field(description="of a candidate; null: see the explanation")


class Place(BaseModel):
    """An article in whose list another stands."""

    card: Card
    rank: int = Field(description="in the list as it is published, before corrections")


class ArticleAnswer(BaseModel):
    """An article and its surroundings."""

    article: Article
    model: str | None
    related: list[Item] = Field(description="as readers get it")
    below: list[Near] = Field(description="those next in line: of the list first, then candidates that are not on it")
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
        below=_below(growth, article_id, {item.id for item in related}) if growth else [],
        listed_in=[Place(card=cards[one], rank=rank) for one, rank in first.items() if one in cards],
        listed_in_count=len(listed_in),
        note=note if version else "no model is published yet",
    )


def _below(growth: Growth, article_id: str, shown: set[str]) -> list[Near]:
    """Return who would come next: the rest of the list by score, then the nearest of the other candidates."""
    place = growth.place(article_id)
    if place is None:
        return []
    listed, entry = growth.list_of(article_id), growth.entry(place)
    scores = {one: score for one, score in listed.items() if one not in shown}
    cosines = {
        growth.name(other): cosine
        for other, cosine in zip(entry.candidates.tolist(), entry.cosines.tolist(), strict=True)
        if other >= 0 and other != place
    }
    line = [*scores, *(one for one in cosines if one not in listed and one not in shown)]
    cards = parts().archive.cards(line)
    next_ones = [one for one in line if one in cards][:_BELOW]
    return [Near(card=cards[one], score=scores.get(one), cosine=cosines.get(one)) for one in next_ones]


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
    answer = _article(query.article_id) if query.article_id else None
    why = explained(query.article_id, query.other_id) if query.article_id and query.other_id else None
    return page("desk/article.html", answer=answer, why=why)


@desk.get("/article/find")
def find_article() -> str:
    """Show the articles that are being looked for."""
    query = query_as(FindQuery)
    return page("desk/found.html", query=query, found=_found(query).articles)


@desk.get("/article/why")
def article_why() -> str:
    """Show why one article stands in another's list, or why not."""
    query = query_as(ExplainQuery)
    why: Explanation = explained(query.article_id, query.other_id)
    return page("desk/why.html", why=why)
