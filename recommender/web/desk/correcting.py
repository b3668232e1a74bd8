"""Corrections: what editors pin, ban, boost and mark sensitive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from flask import Response, redirect, request, url_for
from pydantic import BaseModel, Field
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from recommender.article import ArticleId
from recommender.desk.conflicts import notes
from recommender.desk.correction import Correction, CorrectionRequest, State
from recommender.desk.correction_table import OVERALL, read_table, request_of, written_table
from recommender.errors import CorrectionRefused
from recommender.web.desk.access import user
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.moments import zone
from recommender.web.desk.pages import page
from recommender.web.endpoint import Text, TextOrNone, body_as, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_BODY_BYTES = 16_384
_TABLE_BYTES = 2_000_000


class CorrectionsQuery(BaseModel):
    """Which corrections."""

    state: Annotated[State | None, TextOrNone] = None
    article_id: Annotated[ArticleId | None, TextOrNone] = Field(None, description="corrected, or beside which")


class CorrectionQuery(BaseModel):
    """Which correction."""

    id: Annotated[str, Text]


class CorrectionShown(Correction):
    """A correction, and what became of it."""

    state: State
    title: str | None = Field(description="of the article; null: it is withdrawn")
    beside_title: str | None
    note: str | None = Field(description="why readers do not see it as it was asked for, where they do not")


class CorrectionsAnswer(BaseModel):
    """Corrections, the newest first."""

    corrections: list[CorrectionShown]


class ImportAnswer(BaseModel):
    """What became of the rows of a table."""

    added: int
    rejected: dict[int, str] = Field(description="line -> why it was not taken")


def _corrections(query: CorrectionsQuery) -> CorrectionsAnswer:
    service, now = parts(), datetime.now(UTC)
    everything = service.corrections.all()
    ids = {article_id for one in everything for article_id in (one.article_id, one.beside) if article_id}
    cards = service.archive.cards(list(ids))
    titles = {article_id: card.title for article_id, card in cards.items()}
    note = notes(everything, cards, now)
    shown = [
        CorrectionShown(
            **one.model_dump(),
            state=one.state_at(now),
            title=titles.get(one.article_id),
            beside_title=titles.get(one.beside or ""),
            note=note.get(one.id),
        )
        for one in everything
        if query.state in {None, one.state_at(now)} and query.article_id in {None, one.article_id, one.beside}
    ]
    return CorrectionsAnswer(corrections=shown)


def _import(text: bytes) -> ImportAnswer:
    try:
        requests, problems = read_table(text.decode("utf-8-sig"), zone())
    except UnicodeDecodeError as error:
        raise CorrectionRefused("the table is not UTF-8") from error
    outcomes = dict(zip(requests, parts().corrections.add_all(list(requests.values()), by=user().name), strict=True))
    refused = {line: outcome for line, outcome in outcomes.items() if isinstance(outcome, str)}
    return ImportAnswer(added=len(outcomes) - len(refused), rejected=dict(sorted((problems | refused).items())))


@desk_api.get("/corrections")
@endpoint(tag="For editors", query=CorrectionsQuery, answer=CorrectionsAnswer, signed_in=True)
def give_corrections() -> Response:
    """Give the corrections: those in force, to come, and over."""
    return json_response(_corrections(query_as(CorrectionsQuery)))


@desk_api.post("/corrections")
@endpoint(tag="For editors", body=CorrectionRequest, answer=Correction, status=201, signed_in=True)
def add_correction() -> Response:
    """Pin, ban, boost or mark sensitive; readers see it within a second."""
    wanted = body_as(CorrectionRequest, most_bytes=_BODY_BYTES, context={"zone": zone()})
    return json_response(parts().corrections.add(wanted, by=user().name), 201)


@desk_api.delete("/corrections")
@endpoint(tag="For editors", query=CorrectionQuery, answer=Correction, signed_in=True)
def undo_correction() -> Response:
    """Take a correction back."""
    return json_response(parts().corrections.undo(query_as(CorrectionQuery).id, by=user().name))


@desk_api.get("/corrections.csv")
@endpoint(tag="For editors", media="text/csv", signed_in=True)
def export_corrections() -> Response:
    """Give every correction as CSV."""
    table = Response(written_table(parts().corrections.all()), mimetype="text/csv")
    table.headers["Content-Disposition"] = "attachment; filename=corrections.csv"
    return table


@desk_api.post("/corrections.csv")
@endpoint(tag="For editors", answer=ImportAnswer, signed_in=True)
def import_corrections() -> Response:
    """Add the corrections of a CSV table, sent as the body; rows that will not do are reported, the others taken."""
    request.max_content_length = _TABLE_BYTES
    return json_response(_import(request.get_data(cache=False)))


@desk.get("/corrections")
def corrections() -> Any:
    """Show the corrections, and the form that makes one."""
    return _page(request.args)


@desk.post("/corrections")
def take_correction() -> Any:
    """Add the correction of the form."""
    request.max_content_length = _BODY_BYTES
    form = _form()
    try:
        made = parts().corrections.add(request_of(form, zone()), by=user().name)
    except CorrectionRefused as error:
        return _page(form, problem=str(error)), 400
    return redirect(url_for("desk.corrections", done=made.id), 303)


@desk.post("/corrections/undo")
def take_back() -> AnyResponse:
    """Undo a correction."""
    undone = parts().corrections.undo(request.form.get("id", ""), by=user().name)
    return redirect(url_for("desk.corrections", undone=undone.article_id), 303)


@desk.post("/corrections/import")
def take_table() -> Any:
    """Add the corrections of a table."""
    request.max_content_length = _TABLE_BYTES
    if not (table := request.files.get("table")):
        raise BadRequest("choose a file first")
    return _page({}, imported=_import(table.read()))


@desk.get("/corrections/title")
def title_of() -> str:
    """Show the title of the article whose id is being typed."""
    article_id = next(iter(request.args.values()), "").strip()
    card = parts().archive.cards([article_id]).get(article_id)
    return page("desk/title.html", article_id=article_id, title=card.title if card else None)


def _form() -> dict[str, str]:
    """Return the form's fields without those that its choices hide."""
    form = {name: value.strip() for name, value in request.form.items()}
    kind, box = form.get("kind"), form.get("box")
    hidden = {
        "position": kind != "pin",
        "factor": kind != "boost",
        "box": kind == "sensitive",
        "beside": kind == "sensitive" or box == "trending",
        "section": kind == "sensitive" or box == "related",
    }
    return {name: value for name, value in form.items() if not hidden.get(name)}


def _page(form: Any, **shown: Any) -> str:
    service = parts()
    answer = _corrections(CorrectionsQuery())
    return page(
        "desk/corrections.html",
        form=form,
        corrections=answer.corrections,
        done=next((one for one in answer.corrections if one.id == request.args.get("done")), None),
        undone=request.args.get("undone"),
        sections=list(service.archive.sections().values()),
        overall=OVERALL,
        **shown,
    )
