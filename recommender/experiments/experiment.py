"""An experiment: what is tried, on how many readers, until when, and by which box it is judged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from recommender.answers import BoxName
from recommender.desk.correction import Moment, Reason
from recommender.experiments.assignment import assigned

__all__ = ["CONTROL", "Experiment", "ExperimentRequest", "State", "Value", "Variant"]

CONTROL = "control"
"""The variant without changes, which every experiment has."""

State = Literal["running", "over"]
Value = bool | int | float | str
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]


class Variant(BaseModel):
    """One way of filling the boxes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug = Field(description="`control` is the service as it is set")
    share: int = Field(ge=1, le=100, description="percent of the readers")
    settings: dict[str, Value] = Field({}, description="what differs from the service's settings: name -> value")


class ExperimentRequest(BaseModel):
    """What an editor wants to try."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug = Field(description="small letters, digits and hyphens; never given twice")
    hypothesis: Reason = Field(description="what is expected to be better, and why")
    box: BoxName = Field(description="by whose clicks the variants are judged")
    ends_at: Moment = Field(description="when it ends by itself; no winner is called before")
    least_impressions: int = Field(
        1000, ge=1, le=1_000_000_000, description="times that a variant must have been seen for a winner to be called"
    )
    variants: tuple[Variant, ...] = Field(min_length=2, max_length=5, description="shares add up to 100 at most")

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        names = [variant.name for variant in self.variants]
        if len(set(names)) < len(names):
            raise ValueError("variants: two have the same name")
        if CONTROL not in names:
            raise ValueError(f"variants: one must be named {CONTROL}, which the others are compared with")
        for variant in self.variants:
            if bool(variant.settings) == (variant.name == CONTROL):
                raise ValueError(f"{variant.name}: {CONTROL} has no settings, and every other variant has some")
        if sum(variant.share for variant in self.variants) > 100:  # noqa: PLR2004 - percent
            raise ValueError("variants: the shares add up to more than 100")
        return self

    @property
    def shares(self) -> dict[str, int]:
        """Percent of the readers, by the variant's name in addresses."""
        return {self.named(variant): variant.share for variant in self.variants}

    def named(self, variant: Variant) -> str:
        """Return a variant's name in addresses and answers, which no other experiment's has."""
        return f"{self.name}_{variant.name}"

    def variant_of(self, visitor: str) -> str | None:
        """Return the name in addresses of a visitor's variant; None: not in the experiment."""
        return assigned(self.name, visitor, self.shares)


class Experiment(ExperimentRequest):
    """What is tried, who started it, and how it ended."""

    by: str = Field(description="the user's name")
    started_at: datetime
    ended_at: datetime | None = Field(None, description="when somebody ended it before its time")
    ended_by: str | None = None

    @property
    def end(self) -> datetime:
        """When readers get, or got, the service as it is set again."""
        return self.ended_at or self.ends_at

    def state_at(self, now: datetime) -> State:
        """Tell whether readers get its variants."""
        return "running" if now < self.end else "over"
