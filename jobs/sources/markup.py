"""XML from strangers: decoded once, its kind seen from the root element, and nothing that a parser would expand."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from jobs.sources.document import Document
from recommender.errors import SourceError

__all__ = ["MAX_XML_BYTES", "Markup", "read_markup"]

MAX_XML_BYTES = 32_000_000

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']""")
# Python knows stranger ones, some of them slow to decode.
_ENCODINGS = re.compile(
    r"utf-?(8|16(-?[lb]e)?)|(us-)?ascii|latin-?1|(iso-8859|windows|cp)-?\d+|koi8-[ru]|gbk?|gb2312|gb18030|big5|euc-\w+|shift_jis",
    re.IGNORECASE,
)
_PROLOG = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Markup:
    """An XML document from its root element on.

    Attributes
    ----------
    root : str
        Name of the root element, without prefix, in lower case.
    content : bytes
        UTF-8. There is no DTD in it, hence no entity that could expand or be fetched.
    """

    root: str
    content: bytes


def read_markup(document: Document) -> Markup:
    """Read and check a whole XML document.

    Raises
    ------
    SourceError
        When it is too long, in an encoding that is not read, not XML, or declares a document type.
    """
    text = _decoded(document)
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog else 0
    if text.startswith("<!", start) and not text[start : start + 14].lower().startswith("<!doctype html"):
        raise SourceError(f"{document.name} declares a document type or entities, which is refused; remove it")
    root = _ROOT.match(text, start)
    if root is None:
        raise SourceError(f"{document.name} is neither a feed nor a sitemap")
    return Markup(root[1].lower(), text[start:].encode())


def _decoded(document: Document) -> str:
    content = document.read_whole(MAX_XML_BYTES)
    declared = _DECLARED.match(content)
    encoding = (
        next((name for mark, name in _BOMS.items() if content.startswith(mark)), None)
        or document.charset
        or (declared[1].decode() if declared else "utf-8")
    )
    try:
        if encoding not in _BOMS.values() and not _ENCODINGS.fullmatch(encoding):
            raise LookupError(encoding)  # noqa: TRY301 - Python may not know it either
        return content.decode(encoding, errors="replace")
    except LookupError as error:
        raise SourceError(f"{document.name} is in the encoding {encoding}; save it as UTF-8") from error
