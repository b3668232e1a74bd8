"""From what a person names as a source to its records: finds out what it is and hands it to the right reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

import regex

from jobs.progress import Tick
from jobs.sources.database import read_database
from jobs.sources.document import Document, OpenUrl, open_file, open_url
from jobs.sources.feed import FEED_ROOTS, read_feed
from jobs.sources.fetch import fetch
from jobs.sources.lines import read_json_lines
from jobs.sources.markup import read_markup
from jobs.sources.records import REQUIRED_FIELDS, Record, Unreadable
from jobs.sources.sitemap import SITEMAP_ROOTS, read_sitemap
from jobs.sources.table import read_csv
from jobs.sources.wordpress_export import is_export, read_export
from jobs.sources.wordpress_rest import posts_address, posts_of_site, read_posts
from recommender.errors import SourceError

__all__ = ["read_source"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BOMS_AND_SPACE = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_ONE_JSON_DOCUMENT = re.compile(rb"\[|\{[ \t\r]*\n")
# Possessive groups of Python's own are wrong up to 3.11.4.
_PAGE = regex.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<!--.*?-->)*+<(?:!doctype\s+html|html)\b", regex.DOTALL | regex.IGNORECASE
)
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_JSON_LINES_SUFFIXES = {".jsonl", ".ndjson", ".json"}
_JSON_LINES_TYPES = {"application/jsonl", "application/x-jsonlines", "application/x-ndjson"}


def _silent(done: int, total: int | None = None, /) -> None:
    """Report progress to nobody."""


def read_source(
    source: str, *, query: str | None = None, allow_private_networks: bool = False, progress: Tick = _silent
) -> Iterator[Record | Unreadable]:
    """Yield the records of a source, one at a time.

    Parameters
    ----------
    source : str
        A path, an http or https URL, or a database URL.
    query : str, optional
        What to read from a database.
    allow_private_networks : bool
        Whether URLs may lead into private networks and to this machine. A database may be anywhere.
    progress : callable
        Called now and then with the bytes of the document, as stored, that are read, and their total where it is
        known, and so for each sitemap of an index and twice for WordPress's export file; for WordPress's REST interface
        with the pages and their number, for a database with the rows.

    Raises
    ------
    SourceError
        While it is read, when the source as a whole cannot be, or not any further.
    """
    match = _SCHEME.match(source)
    scheme = match[1].lower() if match else "file"
    fetched = partial(open_url, tick=progress, allow_private_networks=allow_private_networks)
    if scheme in {"http", "https"}:
        posts = posts_address(source)
        if posts is None:
            with fetched(source) as document:
                posts = posts_of_site(document) if _is_page(document) else None
                if posts is None:
                    yield from _read_document(document, fetched)
        if posts is not None:
            yield from read_posts(posts, partial(fetch, allow_private_networks=allow_private_networks), progress)
    elif scheme == "file":
        path = Path(url2pathname(source[match.end() :]) if match else source)
        with open_file(path, progress) as document:
            yield from _read_document(document, fetched)
    else:
        yield from read_database(source, query, progress)


def _read_document(document: Document, fetched: OpenUrl) -> Iterator[Record | Unreadable]:
    kind = _kind(document)
    if kind == "JSON Lines":
        return read_json_lines(document)
    if kind == "CSV":
        return read_csv(document)
    if kind == "WordPress export":
        return read_export(document)
    markup = read_markup(document)
    if markup.root in FEED_ROOTS:
        return read_feed(document, markup)
    if markup.root in SITEMAP_ROOTS:
        return read_sitemap(document, markup, fetched)
    raise SourceError(f"{document.name} is neither a feed nor a sitemap: its root element is <{markup.root}>")


def _kind(document: Document) -> Literal["JSON Lines", "CSV", "WordPress export", "XML"]:
    """Tell by how a document begins, then by its name or what the web server calls it."""
    head = document.head()
    start = head.replace(b"\0", b"").lstrip(_BOMS_AND_SPACE)
    name = urlsplit(document.url).path or document.name
    suffix = PurePosixPath(name.lower().removesuffix(".gz")).suffix
    if start.startswith(b"<"):
        return "WordPress export" if is_export(head) else "XML"
    if head.startswith(_UTF16_BOMS):
        raise SourceError(f"{document.name} is UTF-16 text; save it as UTF-8")
    if _ONE_JSON_DOCUMENT.match(start):
        raise SourceError(f"{document.name} is not JSON Lines; write one object per line, as jq -c does")
    if start.startswith(b"{") or suffix in _JSON_LINES_SUFFIXES or document.media_type in _JSON_LINES_TYPES:
        return "JSON Lines"
    if suffix == ".csv" or document.media_type == "text/csv" or _names_columns(start):
        return "CSV"
    raise SourceError(
        f"{document.name} is of no kind that can be imported: JSON Lines (.jsonl), CSV (.csv), an RSS or Atom feed, a "
        "news sitemap, a WordPress site or export file, each file also as .gz, or a database URL with --query"
    )


def _is_page(document: Document) -> bool:
    return _PAGE.match(document.head()) is not None


def _names_columns(start: bytes) -> bool:
    header = start.partition(b"\n")[0].decode(errors="replace")
    columns = {column.strip(' "\r') for column in header.split(",")}
    return columns.issuperset(REQUIRED_FIELDS)
