"""HTML into the text that a reader reads."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

__all__ = ["plain_text"]

_MARKUP = re.compile(r"<[a-zA-Z/!]|&(?:[a-zA-Z]{2,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_UNREAD = ("script", "style", "template", "noscript", "iframe", "svg")
_BOXES = "[data-recommender], section.recommender"
"""Our own boxes: a template that puts them into the body would make every article speak of those beside it."""


def plain_text(text: str) -> str:
    """Return the text of HTML, or of text that is plain already; words of neighbouring elements stay apart."""
    if not ("<" in text or "&" in text) or not _MARKUP.search(text):  # the first is far quicker
        return text
    tree = LexborHTMLParser(text)
    tree.strip_tags(list(_UNREAD), recursive=True)
    for box in reversed(tree.css(_BOXES)):  # what lies within another goes first
        box.decompose()
    return tree.text(separator=" ") if tree.root is not None else ""
