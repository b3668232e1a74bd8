"""CSV: the fields of an article as columns, named by the first row."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from jobs.sources.document import MAX_LINE_BYTES, DamagedError, Document, bounded_lines
from jobs.sources.records import REQUIRED_FIELDS, Record, Unreadable
from recommender.article import MAX_BODY_CHARS
from recommender.errors import SourceError

__all__ = ["MAX_FIELD_CHARS", "read_csv"]

MAX_FIELD_CHARS = 2 * MAX_BODY_CHARS
"""A longer field ends its row: most likely its quotation mark is never closed."""


def read_csv(document: Document) -> Iterator[Record | Unreadable]:
    """Yield every row below the header; rows are numbered as a spreadsheet does, the header being the first.

    Raises
    ------
    SourceError
        When the header does not name the columns that every article needs.
    """
    csv.field_size_limit(MAX_FIELD_CHARS)
    text = _Text(document)
    rows = csv.reader(text)
    columns = _columns(document.name, rows)
    number = 1
    while True:
        number, text.problem = number + 1, None
        where = f"row {number}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except DamagedError as error:
            yield Unreadable(where, str(error))
            return
        except csv.Error as error:
            yield Unreadable(where, f"{error}; is a quotation mark never closed? Rows from here on may be missing")
            continue
        if text.problem:
            yield Unreadable(where, text.problem)
        elif len(row) == len(columns):
            yield Record(where, dict(zip(columns, row, strict=True)))
        elif row:
            yield Unreadable(where, f"has {len(row)} fields, the header names {len(columns)}")


class _Text:
    """The lines as text; a line that is none is passed on spoilt, so that the rows after it keep their places.

    Attributes
    ----------
    problem : str or None
        What was wrong with a line since this was last set to None.
    """

    def __init__(self, document: Document) -> None:
        self._lines = bounded_lines(document)
        self._encoding = "utf-8-sig"
        self.problem: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        encoding, self._encoding = self._encoding, "utf-8"
        if line is None:
            self.problem = f"has a line longer than {MAX_LINE_BYTES:,} bytes"
            return ""
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            self.problem = "is not UTF-8; save the file with that encoding"
            return line.decode(encoding, errors="replace")


def _columns(name: str, rows: Iterator[list[str]]) -> list[str]:
    try:
        columns = [column.strip() for column in next(rows, [])]
    except (csv.Error, DamagedError) as error:
        raise SourceError(f"{name}: the header cannot be read: {error}") from error
    missing = [field for field in REQUIRED_FIELDS if field not in columns]
    if missing:
        raise SourceError(
            f"{name} has no column {', '.join(missing)}; the first row must name the columns, separated by commas"
        )
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise SourceError(f"{name} has more than one column {', '.join(repeated)}; remove or rename one")
    return columns
