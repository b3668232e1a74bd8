"""RSS and Atom feeds."""

from __future__ import annotations

import calendar
import html
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
from selectolax.lexbor import LexborHTMLParser

from jobs.sources.document import Document
from jobs.sources.markup import Markup
from jobs.sources.records import Record, Unreadable, article_id
from recommender.errors import SourceError

__all__ = ["FEED_ROOTS", "read_feed"]

FEED_ROOTS = ("rss", "feed", "rdf")
"""Root elements of RSS 0.9x and 2.0, of Atom, and of RSS 1.0."""

_LONGEST_SUMMARY = 20_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_CLOSED = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL)


def read_feed(document: Document, markup: Markup) -> Iterator[Record | Unreadable]:
    """Yield every entry; the last one of a feed that breaks off is not whole.

    Raises
    ------
    SourceError
        When it is no feed that can be read.
    """
    # The content is UTF-8 by now, which goes before all that feedparser would guess; and nobody shows it as it is.
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": document.url}
    try:
        parsed = feedparser.parse(
            markup.content, response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except Exception as error:  # feedparser lets errors of many kinds out on broken feeds
        raise SourceError(f"{document.name} is broken and cannot be read as a feed: {error!r}") from error
    language = _language(parsed.feed.get("language"))
    whole = (
        len(parsed.entries) if _CLOSED.search(markup.content, len(markup.content) - 1000) else len(parsed.entries) - 1
    )
    for number, entry in enumerate(parsed.entries, 1):
        if number <= whole:
            yield Record(f"entry {number}", _fields(entry, language, document.url))
        else:
            yield Unreadable(f"entry {number}", "the feed breaks off here")


def _fields(entry: dict[str, Any], language: str | None, base: str) -> dict[str, Any]:
    tags = [tag.get("label") or tag["term"] for tag in entry.get("tags", []) if tag.get("label") or tag.get("term")]
    link = entry.get("link") or ""
    summary, body = _texts(entry)
    return {
        "id": article_id(entry.get("id") or link),
        "title": _title(entry),
        "url": link,
        "summary": summary,
        "body": body,
        "section": tags[0] if tags else None,
        "tags": tags,
        "authors": [author["name"] for author in entry.get("authors", []) if author.get("name")],
        "language": language,
        "published_at": _moment(entry, "published"),
        "updated_at": _moment(entry, "updated"),
        "image_url": _image(entry, base),
    }


def _title(entry: dict[str, Any]) -> str:
    title = entry.get("title") or ""
    if entry.get("title_detail", {}).get("type") == "text/plain":
        return html.unescape(title)
    return LexborHTMLParser(title).text()


def _texts(entry: dict[str, Any]) -> tuple[str, str]:
    """Return summary and body; many feeds have the whole text where the summary belongs."""
    summary = entry.get("summary") or ""
    body = max((content["value"] or "" for content in entry.get("content", [])), key=len, default="")
    if len(summary) > _LONGEST_SUMMARY:
        return "", body or summary
    return "" if summary == body else summary, body


def _moment(entry: dict[str, Any], name: str) -> str | None:
    """Return the moment as RFC 3339, or as it was written where that cannot be told."""
    # The entry's own get() falls back from updated to published, with a warning.
    written: str | None = dict.get(entry, name)
    parsed: time.struct_time | None = dict.get(entry, f"{name}_parsed")
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat() if parsed else written
    except ValueError:
        return written


def _image(entry: dict[str, Any], base: str) -> str | None:
    media = [item for item in entry.get("media_content", []) if _kind_of_media(item) == "image"]
    attached = [
        link for link in entry.get("links", []) if link.get("rel") == "enclosure" and _kind_of_media(link) == "image"
    ]
    item: Mapping[str, str]
    for item in (*media, *attached, *entry.get("media_thumbnail", [])):
        address = item.get("url") or item.get("href")
        if address:
            return _absolute(base, address)
    return None


def _absolute(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address  # for the validation to report


def _kind_of_media(item: Mapping[str, Any]) -> str:
    """Return "image", "video" and the like; what names no kind is an image, as newsrooms' feeds have it."""
    return str(item.get("medium") or item.get("type", "image").partition("/")[0])


def _language(named: str | None) -> str | None:
    """Return the feed's language; one that is not BCP 47 must not cost every entry."""
    tag = (named or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None
