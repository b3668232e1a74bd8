"""The trace: every action on the desk, in the order in which they happened, never changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

from recommender.database import Database

__all__ = ["ACTIONS", "COMMAND_LINE", "STRANGER", "TRACE_SCHEMA", "Action", "Entry", "Trace"]

COMMAND_LINE = "command line"
"""Who acts where an operator gives a command."""
STRANGER = "not signed in"
"""Who acts where nobody has signed in."""

Action = Literal[
    "signed in",
    "signed out",
    "sign-in failed",
    "correction added",
    "correction undone",
    "user added",
    "user removed",
    "role changed",
    "password changed",
    "model rolled back",
    "experiment started",
    "experiment ended",
]
ACTIONS: tuple[Action, ...] = get_args(Action)

TRACE_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS trace (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        before TEXT,
        after TEXT
    )""",
    """CREATE TRIGGER IF NOT EXISTS trace_is_not_changed BEFORE UPDATE ON trace
        BEGIN SELECT RAISE(ABORT, 'the trace is not changed'); END""",
    """CREATE TRIGGER IF NOT EXISTS trace_is_not_deleted BEFORE DELETE ON trace
        BEGIN SELECT RAISE(ABORT, 'nothing is deleted from the trace'); END""",
)


class Entry(BaseModel):
    """One action."""

    number: int = Field(description="counts up; what happened later has a higher one")
    at: datetime
    who: str = Field(
        description="the user's name; `command line` for the operator's commands, `not signed in` for a guesser"
    )
    action: Action
    subject: str = Field(description="the article, user or version that it was about")
    before: dict[str, Any] | None = Field(description="what was, as far as the action changed it")
    after: dict[str, Any] | None = Field(description="what is since")


class Trace:
    """Every action: who, when, what, before and after.

    It lies on disk beside the archive, so that it outlives Redis; the table itself refuses changes.

    Parameters
    ----------
    database : Database
        With ``TRACE_SCHEMA``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        who: str,
        action: Action,
        subject: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        within: sqlite3.Connection | None = None,
    ) -> None:
        """Record an action; ``within`` the transaction that does it, where it is done in the same database."""
        (within or self._database.connection).execute(
            "INSERT INTO trace (at, who, action, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)",
            [datetime.now(UTC).timestamp(), who, action, subject, _json(before), _json(after)],
        )

    def entries(
        self,
        *,
        who: str | None = None,
        action: Action | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        below: int | None = None,
        limit: int = 50,
    ) -> list[Entry]:
        """Return entries, the newest first.

        Parameters
        ----------
        who, action, subject : str, optional
            Only those.
        since, until : datetime, optional
            From the one on, and before the other.
        below : int, optional
            Only entries with a lower number: the next page after the one that ended there.
        limit : int
            How many at most.
        """
        wanted: list[tuple[str, object]] = [
            ("who = ? COLLATE NOCASE", who),
            ("action = ?", action),
            ("subject = ?", subject),
            ("at >= ?", since and since.timestamp()),
            ("at < ?", until and until.timestamp()),
            ("number < ?", below),
        ]
        given = [(condition, value) for condition, value in wanted if value is not None]
        where = " AND ".join(condition for condition, _ in given) or "1"
        rows = self._database.connection.execute(
            f"SELECT number, at, who, action, subject, before, after FROM trace WHERE {where} "  # noqa: S608 - fixed
            "ORDER BY number DESC LIMIT ?",
            [*(value for _, value in given), limit],
        )
        return [_entry(row) for row in rows]


def _json(facts: Mapping[str, Any] | None) -> str | None:
    return None if facts is None else json.dumps(facts, ensure_ascii=False, default=str)


def _entry(row: tuple[Any, ...]) -> Entry:
    number, at, who, action, subject, before, after = row
    return Entry(
        number=number,
        at=datetime.fromtimestamp(at, UTC),
        who=who,
        action=action,
        subject=subject,
        before=json.loads(before) if before else None,
        after=json.loads(after) if after else None,
    )
