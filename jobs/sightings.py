"""Views in files: JSON Lines, CSV, and the combined log of a web server, one view a line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from ipaddress import ip_address
from operator import itemgetter
from typing import Annotated, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec
from pydantic import TypeAdapter, ValidationError

from recommender.article import ArticleId, describe
from recommender.card import Card
from recommender.errors import SourceError
from recommender.trending.visitors import network_of

__all__ = ["FindArticle", "Passed", "Sighting", "by_address", "by_pattern", "reader_of"]


class Sighting(NamedTuple):
    """One line of a file of views.

    Attributes
    ----------
    article_id : str
    second : float
        Unix seconds.
    visitor, network, user_agent : str
        Who read it, from where, and with what; empty where the file does not say.
    boxed : bool
        Whether the reader came from the trending box.
    views : int
        As many as the line stands for.
    event_id : str
        The same one never counts twice; empty where the file names none.
    """

    article_id: str
    second: float
    visitor: str = ""
    network: str = ""
    user_agent: str = ""
    boxed: bool = False
    views: int = 1
    event_id: str = ""


class Passed(NamedTuple):
    """A line of a log that is no view, and why."""

    reason: str


FindArticle = Callable[[str], str | None]
"""Finds the article that an address of the site shows, given as in the log: path and query."""
Read = Callable[[str], Sighting | Passed]
"""Reads a line; ValueError says what is wrong with it."""


_Token = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class _Record(msgspec.Struct):
    """A line of JSON, as `recommender.view.View` has it, told apart in a tenth of the time."""

    timestamp: float | str
    article_id: _Token | int
    visitor_id: _Token | None = None
    event_id: _Token | None = None
    source: _Token | None = None
    user_agent: str = ""
    ip: str = ""
    count: Annotated[int, msgspec.Meta(ge=1)] = 1


_COMBINED = re.compile(
    r"(?P<ip>\S++) \S++ \S++ "
    r"\[(?P<minute>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d):(?P<second>\d\d) (?P<zone>[+-]\d{4})\] "
    r'"(?P<method>[A-Z]++) (?P<address>\S++)[^"]*+" (?P<status>\d{3}) \S++ '
    r'"[^"\\]*+(?:\\.[^"\\]*+)*" "(?P<agent>[^"\\]*+(?:\\.[^"\\]*+)*)"'
)
_READS = ("timestamp", "article_id", "visitor_id", "user_agent", "ip", "source", "count", "event_id")
_JSON = msgspec.json.Decoder(_Record)
_ID: TypeAdapter[str] = TypeAdapter(ArticleId)


def reader_of(head: Iterable[str], name: str, find: FindArticle) -> tuple[Read, bool]:
    """Return what reads the lines of a file that begins so, and whether its first line names columns.

    Raises
    ------
    SourceError
        When it is neither JSON Lines, nor CSV with the right columns, nor a combined log.
    """
    lines = [line for line in head if line.strip()]
    if not lines or lines[0].startswith("{"):
        return _read_json, False
    columns = [column.strip(' "\r\n').lower() for column in lines[0].split(",")]
    if {"timestamp", "article_id"}.issubset(columns):
        return _csv_reader(columns), True
    if any(_COMBINED.match(line) for line in lines):
        return _log_reader(find), False
    raise SourceError(
        f"{name} is no file of views: neither JSON Lines, nor CSV with the columns timestamp and article_id, nor a "
        "web server's combined log"
    )


def by_pattern(pattern: re.Pattern[str]) -> FindArticle:
    """Find articles by a pattern whose group ``id`` is the article's id."""

    def find(address: str) -> str | None:
        match = pattern.search(address)
        return match["id"] if match else None

    return find


def by_address(cards: Iterable[Card]) -> FindArticle:
    """Find articles by their own addresses; host, trailing slash and a query they lack do not count."""
    ids: dict[str, str] = {}
    for card in cards:
        ids[_plain(card.url)] = card.id

    def find(address: str) -> str | None:
        plain = _plain(address)
        return ids.get(plain) or ids.get(plain.partition("?")[0])

    return find


def _plain(address: str) -> str:
    parts = urlsplit(address)
    path = unquote(parts.path).rstrip("/") or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _read_json(line: str) -> Sighting:
    try:
        record = _JSON.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    moment, ip, agent = record.timestamp, record.ip, record.user_agent
    return Sighting(
        _checked_id(record.article_id),
        _second(moment),
        record.visitor_id or (ip and f"{ip}\n{agent}"),
        ip and _network(ip),
        agent,
        record.source == "trending",
        record.count,
        record.event_id or "",
    )


def _csv_reader(columns: list[str]) -> Read:
    # One more field, which is empty, stands for the columns that the file does not have.
    fields_of = itemgetter(*(columns.index(name) if name in columns else len(columns) for name in _READS))

    def read(line: str) -> Sighting:
        row = next(csv.reader((line,)), []) if '"' in line else line.rstrip("\r\n").split(",")
        if len(row) != len(columns):
            raise ValueError(f"has {len(row)} fields, the header names {len(columns)}")
        row.append("")
        moment, article_id, who, agent, ip, source, count, event_id = fields_of(row)
        return Sighting(
            _checked_id(article_id),
            _second(moment),
            who or (ip and f"{ip}\n{agent}"),
            ip and _network(ip),
            agent,
            source == "trending",
            _count(count) if count else 1,
            event_id,
        )

    return read


def _log_reader(find: FindArticle) -> Read:
    @lru_cache(100_000)
    def checked(address: str) -> str | None:
        article_id = find(address)
        return None if article_id is None else _checked_id(article_id)

    def read(line: str) -> Sighting | Passed:
        match = _COMBINED.match(line)
        if not match:
            raise ValueError("is no line of a combined log")
        ip, minute, second, zone, method, address, status, agent = match.groups()
        article_id = checked(address)
        if article_id is None:
            return Passed("no article")
        if method != "GET":
            return Passed("no GET")
        if status[0] != "2" and status != "304":
            return Passed("no success")
        return Sighting(article_id, _minute(minute, zone) + int(second), f"{ip}\n{agent}", _network(ip), agent)

    return read


@lru_cache(4096)
def _minute(text: str, zone: str) -> float:
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    moment = datetime.strptime(text, "%d/%b/%Y:%H:%M")  # noqa: DTZ007 - the zone follows
    return moment.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset)).timestamp()


@lru_cache(100_000)
def _checked_id(text: str | int) -> str:
    try:
        return _ID.validate_python(text)
    except ValidationError as error:
        raise ValueError(f"article_id: {describe(error)}") from error


def _second(text: str | float) -> float:
    """Return the Unix seconds of a time in Unix seconds, or as in RFC 3339."""
    try:
        second = float(text)
    except ValueError:
        moment = datetime.fromisoformat(str(text).strip())
        second = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not 0 <= second <= 1e11:  # noqa: PLR2004 - the year 5138
        raise ValueError("timestamp: not in Unix seconds")
    return second


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError("count: must be at least 1")
    return count


def _network(ip: str) -> str:
    head, dot, _ = ip.rpartition(".")
    return _network_of(f"{head}.0" if dot and ":" not in head else ip)


@lru_cache(400_000)
def _network_of(ip: str) -> str:
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    return network_of(address) if address.is_global else ""
