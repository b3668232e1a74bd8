"""XML from strangers: decoded once, its kind seen from the root element, and nothing that a parser would expand."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import regex
from lxml import etree

from jobs.sources.document import Document
from recommender.errors import SourceError

__all__ = ["MAX_XML_BYTES", "Markup", "from_root_on", "read_elements", "read_markup"]

MAX_XML_BYTES = 32_000_000
"""A longer document is refused: feeds and sitemaps are a few megabytes at most."""

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# A declaration that can be read byte by byte is wrong when it says UTF-16, as some programs write.
_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["'](?!utf-16)([\w.:-]+)["']""", re.IGNORECASE)
# Python knows stranger ones, some of them slow to decode.
_ENCODINGS = re.compile(
    r"utf-?8(-sig)?|utf-16|(us-)?ascii|latin-?1|(iso-8859|windows|cp)-?\d+|koi8-[ru]|gbk?|gb2312|gb18030|big5|euc-\w+"
    r"|shift_jis",
    re.IGNORECASE,
)
# Possessive groups of Python's own are wrong up to 3.11.4.
_START = regex.compile(
    r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+(?:(?P<page><!doctype\s+html)|(?P<doctype><!)|(?P<root><(?:[\w.-]+:)?(?P<name>[\w.-]+)))",
    regex.DOTALL | regex.IGNORECASE,
)


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
    start = _START.match(text)
    if start is None:
        raise SourceError(f"{document.name} is neither a feed nor a sitemap")
    if start["doctype"]:
        raise SourceError(f"{document.name} declares a document type or entities, which is refused; remove the <!...>")
    if start["page"] or start["name"].lower() == "html":
        raise SourceError(f"{document.name} is a web page; give the address of its feed or news sitemap")
    return Markup(start["name"].lower(), text[start.start("root") :].encode())


class Readable(Protocol):
    """Where XML is read from, piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Return some of the next bytes; none at the end."""
        ...


def read_elements(source: Readable, *names: str, depth: int) -> Iterator[Any]:
    """Yield the elements of some names, each gone when the next is asked for; a syntax error as the last.

    Parameters
    ----------
    source : Readable
        UTF-8 without a document type.
    depth : int
        How many elements they stand in; the same names further down are not meant.
    """
    parser = etree.iterparse(
        source,
        tag=[f"{{*}}{name}" for name in names],
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
    )
    try:
        for _, element in parser:
            if sum(1 for _ in element.iterancestors()) != depth:
                continue
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        yield error


def from_root_on(head: bytes) -> str:
    """Return what is there of the root element, from the first bytes of a UTF-8 document; empty if there is no such."""
    text = head.decode("utf-8-sig", errors="replace")
    start = _START.match(text)
    return text[start.start("root") :] if start and start["root"] else ""


def _decoded(document: Document) -> str:
    content = document.read_whole(MAX_XML_BYTES)
    declared = _DECLARED.match(content)
    encoding = (
        next((name for mark, name in _BOMS.items() if content.startswith(mark)), "")
        or document.charset
        or (declared[1].decode() if declared else "utf-8")
    )
    try:
        if not _ENCODINGS.fullmatch(encoding):
            raise LookupError(encoding)  # noqa: TRY301 - as when Python does not know it either
        return content.decode(encoding, errors="replace")
    except LookupError as error:
        raise SourceError(f"{document.name} is in the encoding {encoding}; save it as UTF-8") from error
