"""News sitemaps, and sitemap indexes that lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from jobs.sources.document import Document, OpenUrl
from jobs.sources.markup import Markup, read_elements, read_markup
from jobs.sources.records import Record, Unreadable, article_id
from recommender.errors import SourceError

__all__ = ["MAX_CHILDREN", "SITEMAP_ROOTS", "read_sitemap"]

SITEMAP_ROOTS = ("urlset", "sitemapindex")

MAX_CHILDREN = 50
"""Sitemaps of one index that are followed."""


def read_sitemap(document: Document, markup: Markup, open_url: OpenUrl) -> Iterator[Record | Unreadable]:
    """Yield every entry of a news sitemap, or of the sitemaps that an index names on its own host."""
    if markup.root == "sitemapindex":
        yield from _read_index(document, markup, open_url)
        return
    for number, entry in enumerate(read_elements(BytesIO(markup.content), "url", depth=1), 1):
        where = f"entry {number}"
        if isinstance(entry, etree.XMLSyntaxError):
            yield Unreadable(where, f"the XML is broken from here on: {entry.msg}")
        elif _text(entry, "{*}news/{*}title") is None:
            yield Unreadable(where, "has no news:title; only the entries of a news sitemap can be imported")
        else:
            yield Record(where, _fields(entry))


def _read_index(document: Document, markup: Markup, open_url: OpenUrl) -> Iterator[Record | Unreadable]:
    host = _host(document.url)
    for number, entry in enumerate(read_elements(BytesIO(markup.content), "sitemap", depth=1), 1):
        where = f"sitemap {number}"
        if isinstance(entry, etree.XMLSyntaxError):
            yield Unreadable(where, f"the XML is broken from here on: {entry.msg}")
            return
        if number > MAX_CHILDREN:
            yield Unreadable(where, f"this one and all after it are left out: at most {MAX_CHILDREN} are followed")
            return
        address = _text(entry, "{*}loc") or ""
        host = host or _host(address)  # a file is on no host, so that its first sitemap tells
        if host is None or _host(address) != host:
            yield Unreadable(where, f"{address} is not followed: it is not on the host {host}")
            continue
        yield from _read_child(address, where, open_url)


def _read_child(address: str, where: str, open_url: OpenUrl) -> Iterator[Record | Unreadable]:
    """Read one sitemap of an index; that it fails must not cost the others."""
    try:
        with open_url(address) as document:
            markup = read_markup(document)
            if markup.root != "urlset":
                raise SourceError(f"{address} is not a sitemap")  # noqa: TRY301 - reported as what cannot be fetched
            records = read_sitemap(document, markup, open_url)
    except SourceError as error:
        yield Unreadable(where, str(error))
        return
    for record in records:
        place = f"{where}, {record.where}"
        yield Record(place, record.fields) if isinstance(record, Record) else Unreadable(place, record.reason)


def _fields(entry: Any) -> dict[str, Any]:
    address = _text(entry, "{*}loc") or ""
    keywords = _text(entry, "{*}news/{*}keywords") or ""
    return {
        "id": article_id(address),
        "title": _text(entry, "{*}news/{*}title"),
        "url": address,
        "published_at": _text(entry, "{*}news/{*}publication_date"),
        "language": _text(entry, "{*}news/{*}publication/{*}language"),
        "tags": [keyword.strip() for keyword in keywords.split(",")],
        "image_url": _text(entry, "{*}image/{*}loc"),
    }


def _text(entry: Any, path: str) -> str | None:
    found = entry.findtext(path)
    return found.strip() or None if found else None


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
