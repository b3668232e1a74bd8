"""The trace: who did what, when, and what was before and after."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, Field

from recommender.desk.trace import ACTIONS, Action, Entry
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.moments import Moment
from recommender.web.desk.pages import page
from recommender.web.endpoint import (
    Limit,
    OptionalNumber,
    OptionalText,
    TextOrNone,
    endpoint,
    json_response,
    query_as,
)
from recommender.web.parts import parts

__all__: list[str] = []


class TraceQuery(BaseModel):
    """Which entries."""

    who: OptionalText = None
    action: Annotated[Action | None, TextOrNone] = None
    subject: OptionalText = None
    since: Annotated[Moment | None, TextOrNone] = None
    until: Annotated[Moment | None, TextOrNone] = None
    below: OptionalNumber = Field(None, description="`next` of the answer before")
    limit: Limit = 50


class TraceAnswer(BaseModel):
    """Entries, the newest first."""

    entries: list[Entry]
    next: int | None = Field(description="ask with `below` of this for older ones; null: there are none")


def _trace(query: TraceQuery) -> TraceAnswer:
    asked = query.model_dump()
    entries = parts().trace.entries(**asked | {"limit": query.limit + 1})
    more = len(entries) > query.limit
    shown = entries[: query.limit]
    return TraceAnswer(entries=shown, next=shown[-1].number if more else None)


@desk_api.get("/trace")
@endpoint(tag="For editors", query=TraceQuery, answer=TraceAnswer, signed_in=True)
def give_trace() -> Response:
    """Give what was done on the desk: who, when, what, before and after. Nobody can change it."""
    return json_response(_trace(query_as(TraceQuery)))


@desk.get("/trace")
def trace() -> Any:
    """Show what was done on the desk."""
    query = query_as(TraceQuery)
    return page("desk/trace.html", query=query, answer=_trace(query), actions=ACTIONS, users=parts().users.all())
