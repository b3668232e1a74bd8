"""A correction: what an editor changes in the boxes, where, why, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from recommender.article import ArticleId, section_key

__all__ = ["Correction", "CorrectionRequest", "Kind", "Moment", "Reason", "State"]

Kind = Literal["pin", "ban", "boost", "sensitive"]
Where = Literal["related", "trending", "both"]
State = Literal["in force", "to come", "over"]

_KIND_FIELDS = {"position": "pin", "factor": "boost"}


def _in_a_zone(at: datetime, info: ValidationInfo) -> datetime:
    """Take a moment without a zone as one in the zone of the context, or UTC."""
    return at if at.tzinfo else at.replace(tzinfo=(info.context or {}).get("zone", UTC))


Moment = Annotated[datetime, AfterValidator(_in_a_zone)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class CorrectionRequest(BaseModel):
    """What an editor asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(description="pin to a position, ban, boost the score, or mark sensitive")
    article_id: ArticleId = Field(description="the article that is pinned, banned, boosted or marked")
    box: Where = Field("both", description="the Related box, the Trending box, or both")
    beside: ArticleId | None = Field(None, description="Related: in the list of this article alone; null: in every one")
    section: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None,
        description="Trending: in the list of this section alone; empty: in that of all sections alone; null: in every",
    )
    position: int | None = Field(None, ge=1, le=50, description="of a pin; 1 is the first")
    factor: float | None = Field(
        None, gt=0, le=100, allow_inf_nan=False, description="of a boost: what the score is multiplied by"
    )
    reason: Reason = Field(description="for the colleagues who wonder")
    starts_at: Moment | None = Field(None, description="null: at once")
    ends_at: Moment | None = Field(None, description="null: until it is undone")

    @model_validator(mode="after")
    def _says_what_its_kind_wants(self) -> Self:
        for name, kind in _KIND_FIELDS.items():
            if (getattr(self, name) is not None) != (self.kind == kind):
                raise ValueError(f"{name}: a {kind} has one, and nothing else does")
        if self.kind == "sensitive" and (self.box, self.beside, self.section) != ("both", None, None):
            raise ValueError("an article is sensitive in every list or in none")
        if self.beside is not None and self.box == "trending":
            raise ValueError("beside: is about the Related box")
        if self.section is not None and self.box == "related":
            raise ValueError("section: is about the Trending box")
        if self.beside == self.article_id:
            raise ValueError("beside: an article never stands in its own list")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("ends_at: it would end before it starts")
        return self

    @property
    def section_key(self) -> str | None:
        """The section as sections are compared."""
        return None if self.section is None else section_key(self.section)


class Correction(CorrectionRequest):
    """What an editor asked for, and who it was."""

    id: str
    by: str = Field(description="the user's name")
    made_at: datetime

    def state_at(self, now: datetime) -> State:
        """Tell whether readers see it."""
        if self.ends_at and self.ends_at <= now:
            return "over"
        return "to come" if self.starts_at and self.starts_at > now else "in force"
