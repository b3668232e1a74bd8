"""What WordPress calls a post, as an article: the same one from its REST interface and from its export file.

REST delivers a post as its page shows it, the export as it was typed. So that importing the one after the other changes
nothing, titles of an export get WordPress's typography, and texts of both lose it along with what only one of them has.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from recommender.text.plain import plain_text

__all__ = ["article_fields", "title_text", "typeset"]

_NO_SECTION = {
    "uncategorized",
    "uncategorised",
    "allgemein",
    "bez-kategorii",
    "geen-categorie",
    "non-classe",
    "sem-categoria",
    "senza-categoria",
    "sin-categoria",
    "ukategoriseret",
    "ukategorisert",
    "okategoriserade",
}
"""Slugs of the category that a post has when nobody chose one, as WordPress names it in several languages."""

_SHORTCODE = re.compile(
    r"\[/?(?:audio|caption|embed|gallery|playlist|video|wp_caption)\b[^\[\]]*\]|\[[\w-]+\s[^\[\]=]*=[^\[\]]*\]"
)
_BLOCK = re.compile(
    r"(</?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|li|ol|p|pre|section|table|td|th"
    r"|tr|ul)\b)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+")
_MORE_LINK = re.compile(r"<a\b[^<>]*\bmore-link\b.*", re.DOTALL)
_PLAIN = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u2033", '"')
    | {"\u2026": "...", "\u00d7": "x"}
)
_DASHES = re.compile(r"[-\u2013\u2014]+")

_TYPOGRAPHY = [
    (re.compile(r"---"), "\u2014"),
    (re.compile(r" -- "), " \u2014 "),
    (re.compile(r"--"), "\u2013"),
    (re.compile(r" - "), " \u2013 "),
    (re.compile(r"\.\.\."), "\u2026"),
    (re.compile(r"(?<=\w)'|'(?=\d\d)"), "\u2019"),
]
_ENGLISH_QUOTES = [
    (re.compile(r"(?<![^\s(\[{\"\u2013\u2014-])'"), "\u2018"),
    (re.compile(r"'"), "\u2019"),
    (re.compile(r"(?<![^\s(\[{\u2018\u2013\u2014-])\""), "\u201c"),
    (re.compile(r"\""), "\u201d"),
]


def article_fields(
    *,
    post_id: str,
    title: str,
    link: str,
    content: str,
    excerpt: str,
    categories: Iterable[tuple[str, str]],
    tags: Iterable[str],
    authors: Iterable[str],
    published: str | None,
    modified: str | None,
    image: str | None,
) -> dict[str, Any]:
    """Return the fields of an article.

    Parameters
    ----------
    post_id : str
        The number that WordPress gave the post, which its templates know too.
    title : str
        Text.
    content, excerpt : str
        HTML.
    categories : iterable of (str, str)
        Slug and name of each, in WordPress's order: the first one that somebody chose is the section.
    tags, authors : iterable of str
        Names.
    published, modified : str or None
        In UTC; all zeros where WordPress does not know.
    """
    body = _text(content)
    return {
        "id": post_id,
        "title": title,
        "url": link,
        "summary": _summary(excerpt, body),
        "body": body,
        "section": next((html.unescape(name) for slug, name in categories if slug not in _NO_SECTION), None),
        "tags": [html.unescape(name) for name in tags],
        "authors": [html.unescape(name) for name in authors],
        "published_at": _moment(published),
        "updated_at": _moment(modified),
        "image_url": image,
    }


def title_text(markup: str) -> str:
    """Return the text of a title, which may hold entities and tags."""
    return LexborHTMLParser(markup).text()


def typeset(title: str, language: str) -> str:
    """Return a title with the dashes, dots, apostrophes and, in English, quotes that WordPress shows it with."""
    rules = _TYPOGRAPHY + (_ENGLISH_QUOTES if language.lower().startswith("en") else [])
    for pattern, replacement in rules:
        title = pattern.sub(replacement, title)
    return title


def _text(markup: str) -> str:
    """Return the text, a line for each block: no typography, and nothing that only a page or only the editor has."""
    text = plain_text(_BLOCK.sub(r"\n\1", _SHORTCODE.sub(" ", markup)))
    text = text.translate(_PLAIN).replace("``", '"').replace("''", '"')
    lines = (" ".join(line.split()) for line in _DASHES.sub("-", text).splitlines())
    return "\n".join(line for line in lines if line and not _ADDRESS.fullmatch(line))


def _summary(excerpt: str, body: str) -> str:
    """Return the excerpt that somebody wrote; one that WordPress cut from the body says nothing new."""
    summary = _text(_MORE_LINK.sub("", excerpt))
    if summary.endswith("[...]"):
        return ""
    beginning = " ".join(summary.removesuffix("...").split())
    return "" if " ".join(body.split()).startswith(beginning) else summary


def _moment(written: str | None) -> str | None:
    return None if not written or written.startswith(("0000", "-")) else written.replace(" ", "T")
