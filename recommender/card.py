"""A card: what a box shows of an article, and what it has to know to place it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from recommender.article import Article, section_key

__all__ = ["Card"]

_MOST_TAGS = 20
"""Tags of an article by which it can be found; more say nothing."""


class Card(BaseModel):
    """The part of an article that is kept in Redis, about 400 bytes."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    url: str
    section: str | None = None
    section_key: str = ""
    image_url: str | None = None
    published_at: datetime | None = None
    sensitive: bool = False
    tag_keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return the card of an article."""
        return cls(
            id=article.id,
            title=article.title,
            url=article.url,
            section=article.section,
            section_key=section_key(article.section),
            image_url=article.image_url,
            published_at=article.published_at,
            sensitive=article.sensitive,
            tag_keys=tuple(dict.fromkeys(map(section_key, article.tags)))[:_MOST_TAGS],
        )

    @property
    def published(self) -> float:
        """Unix seconds of publication; 0 where no date is known, which sorts such articles last."""
        return self.published_at.timestamp() if self.published_at else 0.0
