"""One impression, as a page's beacon reports it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from recommender.answers import BoxName
from recommender.view import RequestId, Token

__all__ = ["Impression"]


class Impression(BaseModel):
    """A box was in a reader's sight. With a click it makes one pair, so the two have to name the same visitor."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    request_id: RequestId = Field(description="of the answer that filled the box")
    box: BoxName
    visitor_id: Token | None = Field(None, description="as in views; hashed with a salt that is thrown away")
