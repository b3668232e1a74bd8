"""Corrections as CSV: one a row, in the columns of a correction."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from recommender.article import describe
from recommender.desk.correction import Correction, CorrectionRequest
from recommender.errors import CorrectionRefused

__all__ = ["OVERALL", "read_table", "request_of", "written_table"]

_COLUMNS = tuple(CorrectionRequest.model_fields)
_KEPT_COLUMNS = ("id", "by", "made_at")
OVERALL = "-"
"""How the list of all sections alone is written where nothing means every list."""
_FORMULA = ("=", "+", "@", "\t", "\r")


def written_table(corrections: Iterable[Correction]) -> str:
    """Write corrections as CSV, which `read_table` reads again."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([*_COLUMNS, *_KEPT_COLUMNS])
    for one in corrections:
        fields = one.model_dump(mode="json")
        fields["section"] = OVERALL if one.section == "" else one.section
        table.writerow([_cell(fields[name]) for name in (*_COLUMNS, *_KEPT_COLUMNS)])
    return text.getvalue()


def read_table(text: str, zone: ZoneInfo) -> tuple[dict[int, CorrectionRequest], dict[int, str]]:
    """Read CSV; return the corrections it asks for by line, and what is wrong with each other line.

    Columns nobody knows, and those that say who made a correction, are left out.

    Parameters
    ----------
    text : str
    zone : ZoneInfo
        Of moments that come without one.

    Raises
    ------
    CorrectionRefused
        When it is no table with the columns that are required.
    """
    rows = csv.DictReader(io.StringIO(text), strict=True)
    requests, problems = {}, {}
    try:
        if missing := {"kind", "article_id", "reason"} - set(rows.fieldnames or ()):
            raise CorrectionRefused(f"the first line has no column {', '.join(sorted(missing))}")
        for row in rows:
            try:
                unquoted = {name: (row.get(name) or "").removeprefix("'") for name in _COLUMNS}
                requests[rows.line_num] = request_of(unquoted, zone)
            except CorrectionRefused as error:
                problems[rows.line_num] = str(error)
    except csv.Error as error:
        raise CorrectionRefused(f"line {rows.line_num}: {error}") from error
    return requests, problems


def request_of(fields: Mapping[str, str], zone: ZoneInfo) -> CorrectionRequest:
    """Read a correction from texts, as a row or a form has them; empty ones are not given.

    Raises
    ------
    CorrectionRefused
        With what is wrong with each field.
    """
    given = {name: value for name in _COLUMNS if (value := fields.get(name))}
    if given.get("section") == OVERALL:
        given["section"] = ""
    try:
        return CorrectionRequest.model_validate(given, context={"zone": zone})
    except ValidationError as error:
        raise CorrectionRefused(describe(error)) from error


def _cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith((*_FORMULA, "'", "-")) and text != OVERALL else text
