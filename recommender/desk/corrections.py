"""The corrections: kept on disk with the trace, and read by every process before the second is over."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from cachetools import TTLCache

from recommender.archive import Archive
from recommender.database import Database
from recommender.desk.correction import Correction, CorrectionRequest
from recommender.desk.rules import Rulebook
from recommender.desk.trace import Trace
from recommender.errors import CorrectionRefused

__all__ = ["CORRECTIONS_SCHEMA", "Corrections"]

log = structlog.get_logger()

CORRECTIONS_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS corrections (
        id TEXT PRIMARY KEY,
        made_at REAL NOT NULL,
        document TEXT NOT NULL
    )""",
)

_CACHED_S = 0.5
"""Seconds for which a process goes by the corrections it read."""
_KEPT_OVER = timedelta(days=30)
"""How long a correction that is over stays on the list; the trace has it for ever."""


class Corrections:
    """The corrections of a data directory.

    They lie beside the archive, so that they hold whatever becomes of Redis; each is written in one transaction with
    its entry in the trace.

    Parameters
    ----------
    database : Database
        With ``CORRECTIONS_SCHEMA``.
    trace : Trace
        In the same database.
    archive : Archive
        Only articles that are known can be corrected.
    most : int
        How many there may be at once.
    """

    def __init__(self, database: Database, trace: Trace, archive: Archive, *, most: int) -> None:
        self._database = database
        self._trace = trace
        self._archive = archive
        self._most = most
        self._read: TTLCache[None, Rulebook] = TTLCache(1, _CACHED_S)
        self._last = Rulebook()
        self._mutex = threading.Lock()

    def all(self) -> list[Correction]:
        """Return every correction that was not undone, those that are over too, the newest first."""
        rows = self._database.connection.execute("SELECT document FROM corrections ORDER BY made_at DESC, rowid DESC")
        return [Correction.model_validate_json(document) for (document,) in rows]

    def get(self, correction_id: str) -> Correction | None:
        """Return the correction of an id."""
        return next((one for one in self.all() if one.id == correction_id), None)

    def rulebook(self) -> Rulebook:
        """Return the corrections in force, as of half a second ago; should the disk fail, the last that were read."""
        with self._mutex:
            found = self._read.get(None)
            if found is None:
                try:
                    now = datetime.now(UTC)
                    found = Rulebook([one for one in self.all() if one.state_at(now) == "in force"])
                except sqlite3.Error as error:
                    log.warning("corrections_not_read", reason=str(error))
                    found = self._last
                self._read[None] = self._last = found
        return found

    def ban(self, article_id: str, other_id: str) -> Correction | None:
        """Return the ban in force that keeps one article out of the Related list of another."""
        now = datetime.now(UTC)
        bans = (one for one in self.all() if one.kind == "ban" and one.article_id == other_id and one.box != "trending")
        return next((one for one in bans if one.state_at(now) == "in force" and one.beside in {None, article_id}), None)

    def add(self, request: CorrectionRequest, *, by: str) -> Correction:
        """Add a correction.

        Raises
        ------
        CorrectionRefused
            With what is wrong.
        """
        (made,) = self.add_all([request], by=by)
        if isinstance(made, str):
            raise CorrectionRefused(made)
        return made

    def add_all(self, requests: Sequence[CorrectionRequest], *, by: str) -> list[Correction | str]:
        """Add corrections in one step; return each, or why it was refused."""
        now = datetime.now(UTC)
        outcomes: list[Correction | str] = []
        with self._database.transaction() as connection:
            self._forget_old(connection, now)
            there = {_request(one) for one in self.all()}
            for request in requests:
                if problem := self._problem(request, there, now):
                    outcomes.append(problem)
                    continue
                there.add(request)
                outcomes.append(self._put(connection, request, by, now))
        self._seen_anew()
        return outcomes

    def undo(self, correction_id: str, *, by: str) -> Correction:
        """Take a correction back.

        Raises
        ------
        CorrectionRefused
            When there is none of that id.
        """
        with self._database.transaction() as connection:
            one = self.get(correction_id)
            if one is None:
                raise CorrectionRefused(f"there is no correction {correction_id}; somebody may have undone it")
            connection.execute("DELETE FROM corrections WHERE id = ?", [correction_id])
            self._trace.add(by, "correction undone", one.article_id, before=_traced(one), within=connection)
        self._seen_anew()
        return one

    def _problem(self, request: CorrectionRequest, there: set[CorrectionRequest], now: datetime) -> str | None:
        if request in there:
            return "the same correction is there already"
        if len(there) >= self._most:
            return f"there are {self._most} corrections already; undo some first"
        if request.ends_at and request.ends_at <= now:
            return "ends_at: that has passed"
        for article_id in filter(None, (request.article_id, request.beside)):
            article = self._archive.get(article_id)
            if article is None:
                return f"there is no article {article_id}"
            if article.withdrawn:
                return f"{article_id} is withdrawn"
        return None

    def _put(self, connection: sqlite3.Connection, request: CorrectionRequest, by: str, now: datetime) -> Correction:
        one = Correction(**dict(request), id=secrets.token_hex(6), by=by, made_at=now)
        row = [one.id, one.made_at.timestamp(), one.model_dump_json()]
        connection.execute("INSERT INTO corrections VALUES (?, ?, ?)", row)
        self._trace.add(by, "correction added", one.article_id, after=_traced(one), within=connection)
        return one

    def _forget_old(self, connection: sqlite3.Connection, now: datetime) -> None:
        for one in self.all():
            if one.ends_at and one.ends_at < now - _KEPT_OVER:
                connection.execute("DELETE FROM corrections WHERE id = ?", [one.id])

    def _seen_anew(self) -> None:
        """Let the process that made a change see it in its next answer."""
        with self._mutex:
            self._read.clear()


def _request(one: Correction) -> CorrectionRequest:
    return CorrectionRequest(**{name: getattr(one, name) for name in CorrectionRequest.model_fields})


def _traced(one: Correction) -> dict[str, Any]:
    return one.model_dump(mode="json", exclude_none=True, exclude={"by", "made_at", "article_id"})
