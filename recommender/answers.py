"""The answers of the public interface."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from recommender.card import Card
from recommender.trending.calendar import Period
from recommender.trending.windows import Rank, WindowName

__all__ = [
    "BOXES",
    "Answer",
    "Box",
    "BoxName",
    "Evidence",
    "Item",
    "PastAnswer",
    "RelatedAnswer",
    "Source",
    "TrendingAnswer",
    "WidgetsAnswer",
]

BoxName = Literal["related", "trending"]
BOXES: tuple[BoxName, ...] = ("related", "trending")
Source = Literal["pinned", "related", "trending", "section", "latest"]

# Scores decay with every second; the order they make is what a list says.
_ITEMS = {"items": {"__all__": {"score": True}}}
_OF_THE_MOMENT: dict[str, Any] = {
    "request_id": True,
    "generated_at": True,
    "took_ms": True,
    "evidence": {"views": True},
    "related": _ITEMS,
    "trending": _ITEMS,
    **_ITEMS,
}


class Item(BaseModel):
    """One article in a box."""

    position: int = Field(description="1 is the first")
    id: str
    title: str
    url: str
    section: str | None
    image_url: str | None
    published_at: datetime | None
    score: float = Field(description="what its source ranks by: cosine, views; 0 where the source is the clock")
    source: Source = Field(description="where the item came from")

    @classmethod
    def of(cls, card: Card, *, position: int, score: float, source: Source) -> Self:
        """Return the item that shows a card."""
        return cls(
            position=position,
            id=card.id,
            title=card.title,
            url=card.url,
            section=card.section,
            image_url=card.image_url,
            published_at=card.published_at,
            score=round(score, 6),
            source=source,
        )


class Box(BaseModel):
    """The items of one box."""

    items: list[Item]


class Answer(BaseModel):
    """What every answer says of itself."""

    request_id: str = Field(description="name it in the view that a click leads to")
    generated_at: datetime = Field(description="when the lists were read")
    stale: bool = Field(description="true while Redis is away: the last good lists")
    model: str | None = Field(description="version of the related lists; null before the first training")
    took_ms: float = Field(description="milliseconds")
    variant: str | None = Field(
        description="of a running experiment, by which the lists are made; null: as the site is set"
    )

    def substance(self) -> str:
        """Return what the answer says, without what differs each time it is asked for."""
        return self.model_dump_json(exclude=_OF_THE_MOMENT)


class RelatedAnswer(Answer):
    """The Related Articles box of an article."""

    article_id: str
    known: bool = Field(description="false for an article nobody told us about; the list is filled all the same")
    items: list[Item]

    @property
    def boxes(self) -> dict[BoxName, list[Item]]:
        """The items of each box it is for."""
        return {"related": self.items}


class Evidence(BaseModel):
    """How much reading stands behind a Trending box."""

    window: WindowName = Field(description="whose views it is ranked by; wider than the one asked for where thin")
    views: int = Field(description="views counted in that window, of the articles that lead")
    thin: bool = Field(description="whether the window asked for had too few views to rank by")


class TrendingAnswer(Answer):
    """The Trending box."""

    window: WindowName = Field(description="what was asked for")
    rank: Rank
    section: str | None
    tag: str | None
    evidence: Evidence
    items: list[Item]

    @property
    def boxes(self) -> dict[BoxName, list[Item]]:
        """The items of each box it is for."""
        return {"trending": self.items}


class PastAnswer(Answer):
    """What Trending was."""

    window: WindowName | Period
    rank: Rank
    section: str | None
    tag: str | None
    since: datetime | None = Field(description="when the day or week began; null for the list of a moment")
    until: datetime = Field(description="the moment asked for, or when the day or week ended")
    items: list[Item] = Field(description="of what readers may see now; not filled up")


class WidgetsAnswer(Answer):
    """Both boxes of an article page; no article is in both."""

    article_id: str
    known: bool = Field(description="false for an article nobody told us about; the lists are filled all the same")
    related: Box
    trending: Box

    @property
    def boxes(self) -> dict[BoxName, list[Item]]:
        """The items of each box it is for."""
        return {"related": self.related.items, "trending": self.trending.items}
