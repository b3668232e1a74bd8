"""Posts out of WordPress's export file (WXR), read twice and never held: pictures may stand behind the posts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from jobs.sources.document import DamagedError, Document
from jobs.sources.markup import from_root_on, read_elements
from jobs.sources.records import Record, Unreadable
from jobs.sources.wordpress import article_fields, title_text, typeset

__all__ = ["is_export", "read_export"]

_ROOT = re.compile(r"<rss\b[^>]*http://wordpress\.org/export/")
_ITEM_DEPTH = 2  # in <rss> and <channel>
# Editors paste characters that XML does not know, and WordPress writes them as they are.
_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def is_export(head: bytes) -> bool:
    """Tell by its first bytes whether a document is an export file."""
    return _ROOT.match(from_root_on(head)) is not None


def read_export(document: Document) -> Iterator[Record | Unreadable]:
    """Yield the published posts; pages, drafts, attachments and posts behind a password are passed over."""
    images = _images(document)
    document.rewind()
    authors: dict[str, str] = {}
    language, number = "", 0
    for element in _elements(document, "language", "author", "item"):
        if isinstance(element, Unreadable):
            yield Unreadable(f"item {number + 1}", element.reason)
            return
        name = etree.QName(element).localname
        if name == "language":
            language = (element.text or "").strip()
        elif name == "author":
            authors[_text(element, "{*}author_login")] = _text(element, "{*}author_display_name")
        else:
            number += 1
            if _public(element):
                post_id = _text(element, "{*}post_id")
                where = f"post {post_id}" if post_id else f"item {number}"
                yield Record(where, _fields(element, post_id, language, authors, images))


def _images(document: Document) -> dict[str, str]:
    """Return the address of each attachment by its number."""
    return {
        _text(item, "{*}post_id"): _text(item, "{*}attachment_url")
        for item in _elements(document, "item")
        if not isinstance(item, Unreadable) and _text(item, "{*}post_type") == "attachment"
    }


def _elements(document: Document, *names: str) -> Iterator[Any]:
    """Yield elements of the channel; what stops the reading as the last."""
    try:
        for element in read_elements(_Clean(document), *names, depth=_ITEM_DEPTH):
            if isinstance(element, etree.XMLSyntaxError):
                yield Unreadable("", f"the XML is broken from here on: {element.msg}")
                return
            yield element
    except DamagedError as error:
        yield Unreadable("", str(error))


class _Clean:
    """UTF-8 without what XML forbids."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")

    def read(self, size: int, /) -> bytes:
        while chunk := self._document.read(size):
            if clean := self._decoder.decode(chunk).translate(_FORBIDDEN):
                return clean.encode()
        return self._decoder.decode(b"", final=True).encode()


def _public(item: Any) -> bool:
    return (
        _text(item, "{*}post_type") == "post"
        and _text(item, "{*}status") == "publish"
        and not _text(item, "{*}post_password")
    )


def _fields(item: Any, post_id: str, language: str, authors: dict[str, str], images: dict[str, str]) -> dict[str, Any]:
    author = authors.get(_text(item, "{*}creator"))
    return article_fields(
        post_id=post_id,
        title=typeset(title_text(_text(item, "title")), language),
        link=_text(item, "link"),
        content=_text(item, "{http://purl.org/rss/1.0/modules/content/}encoded"),
        excerpt=_excerpt(item),
        categories=_terms(item, "category"),
        tags=[name for _, name in _terms(item, "post_tag")],
        authors=[author] if author else [],
        published=_moment(item, "post_date"),
        modified=_moment(item, "post_modified"),
        image=images.get(_thumbnail(item)),
    )


def _excerpt(item: Any) -> str:
    """Return the text of `excerpt:encoded`, whose namespace has the format's version in it."""
    return next(
        (
            element.text or ""
            for element in item.iterfind("{*}encoded")
            if etree.QName(element).namespace.endswith("/excerpt/")
        ),
        "",
    )


def _terms(item: Any, taxonomy: str) -> list[tuple[str, str]]:
    return [
        (element.get("nicename", ""), element.text.strip())
        for element in item.iterfind("category")
        if element.get("domain") == taxonomy and element.text
    ]


def _thumbnail(item: Any) -> str:
    return next(
        (
            _text(meta, "{*}meta_value")
            for meta in item.iterfind("{*}postmeta")
            if _text(meta, "{*}meta_key") == "_thumbnail_id"
        ),
        "",
    )


def _moment(item: Any, name: str) -> str:
    """Return a moment in UTC, or where WordPress lost that the site's local time."""
    moment = _text(item, f"{{*}}{name}_gmt")
    return _text(item, f"{{*}}{name}") if moment.startswith("0000") else moment


def _text(element: Any, path: str) -> str:
    return (element.findtext(path) or "").strip()
