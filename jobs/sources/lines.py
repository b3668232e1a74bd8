"""JSON Lines: one object a line, left as bytes for the validation."""

from __future__ import annotations

from collections.abc import Iterator

from jobs.sources.document import MAX_LINE_BYTES, DamagedError, Document, bounded_lines
from jobs.sources.records import Record, Unreadable

__all__ = ["read_json_lines"]

_BOM = b"\xef\xbb\xbf"


def read_json_lines(document: Document) -> Iterator[Record | Unreadable]:
    """Yield every line that is not blank."""
    number = 0
    try:
        for number, line in enumerate(bounded_lines(document), 1):
            if line is None:
                yield Unreadable(f"line {number}", f"longer than {MAX_LINE_BYTES:,} bytes")
                continue
            text = line.removeprefix(_BOM) if number == 1 else line
            if text and not text.isspace():
                yield Record(f"line {number}", text)
    except DamagedError as error:
        yield Unreadable(f"line {number + 1}", str(error))
