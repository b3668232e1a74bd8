"""One view, as a page's beacon reports it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from recommender.article import ArticleId, plain_id

__all__ = ["RequestId", "Token", "View"]

Token = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(plain_id)]
RequestId = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(plain_id)]


class View(BaseModel):
    """A reader opened an article. Only the article's id is required; what the client's clock says is not asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    article_id: ArticleId
    event_id: Token | None = Field(None, description="the same one never counts twice: give one, and retry safely")
    visitor_id: Token | None = Field(
        None, description="who is reading, if the site knows; hashed with a salt that is thrown away"
    )
    source: Token | None = Field(None, description="the box the reader came from: related, trending, ...")
    request_id: RequestId | None = Field(None, description="of the answer whose item was clicked")
    position: int | None = Field(None, ge=1, le=50, description="of the item that was clicked")

    @property
    def boxed(self) -> bool:
        """Whether the reader came from the trending box itself, which says less than a reader who found the way."""
        return self.source == "trending"
