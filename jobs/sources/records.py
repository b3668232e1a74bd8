"""What every reader of a source yields."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["REQUIRED_FIELDS", "Record", "Unreadable", "article_id"]

REQUIRED_FIELDS = ("id", "title", "url")
"""What no article can be without."""

_LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class Record:
    """One raw record, not validated yet.

    Attributes
    ----------
    where : str
        Its place in the source, for reports: "line 12", "row 3", "entry 5".
    fields : mapping or bytes
        Values by the names of an article's fields, or the JSON text of one object.
    """

    where: str
    fields: Mapping[str, Any] | bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that could not even be read."""

    where: str
    reason: str


def article_id(identifier: str) -> str:
    """Return the id of an article that a feed or sitemap names by a URI; one over 128 characters by its SHA-256."""
    return identifier if len(identifier) <= _LONGEST_ID else hashlib.sha256(identifier.encode()).hexdigest()
