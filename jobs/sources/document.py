"""A document that articles are read from: bytes in order, unpacked on the way, never whole in memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.progress import Tick
from jobs.sources.fetch import fetch
from recommender.errors import SourceError

__all__ = [
    "MAX_LINE_BYTES",
    "DamagedError",
    "Document",
    "OpenUrl",
    "bounded_lines",
    "open_file",
    "open_stdin",
    "open_url",
]

MAX_LINE_BYTES = 16_000_000
"""A longer line is passed over: far more than the longest article takes as JSON."""

_BUFFER_BYTES = 262_144
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)


class DamagedError(Exception):
    """The compressed data breaks off or is corrupt from here on."""

    def __init__(self) -> None:
        super().__init__("the compressed data breaks off or is damaged here; what follows is lost")


@dataclass(frozen=True, slots=True)
class Document:
    """An open document.

    Attributes
    ----------
    name : str
        Path or URL, for people.
    stream : io.BufferedReader or gzip.GzipFile
        The bytes, unpacked.
    media_type : str
        What the web server called it, in lower case; empty for a file.
    charset : str
        The encoding that the web server named, if any.
    url : str
        Where it came from after redirects; empty for a file.
    links : mapping
        What the web server links to with it, by relation.
    """

    name: str
    stream: io.BufferedReader[Any] | gzip.GzipFile
    media_type: str = ""
    charset: str = ""
    url: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    def head(self) -> bytes:
        """Return some of the first bytes without moving on.

        Raises
        ------
        SourceError
            When it is compressed and damaged from the start.
        """
        try:
            return self.stream.peek(1)
        except _GZIP_ERRORS as error:
            raise SourceError(f"{self.name}: the compressed data is damaged from the start") from error

    def read(self, size: int, /) -> bytes:
        """Return some of the next bytes; none at the end.

        Raises
        ------
        DamagedError
            Where compressed data breaks off.
        """
        try:
            return self.stream.read(size)
        except _GZIP_ERRORS as error:
            raise DamagedError from error

    def rewind(self) -> None:
        """Go back to the first byte, which a pipe cannot."""
        self.stream.seek(0)

    def read_whole(self, limit: int) -> bytes:
        """Return all of it.

        Raises
        ------
        SourceError
            When it is longer than `limit` bytes, or damaged.
        """
        try:
            content = self.stream.read(limit + 1)
        except _GZIP_ERRORS as error:
            raise SourceError(f"{self.name}: the compressed data breaks off or is damaged") from error
        if len(content) > limit:
            raise SourceError(
                f"{self.name} is longer than {limit:,} bytes; split it, or give the articles as JSON Lines"
            )
        return content


OpenUrl = Callable[[str], AbstractContextManager[Document]]
"""Fetches what a URL names, under the limits of the import."""


@contextmanager
def open_file(path: Path, tick: Tick) -> Iterator[Document]:
    """Open a local file.

    Raises
    ------
    SourceError
        When there is none, or it cannot be read, at once or further on.
    """
    try:
        with path.open("rb", buffering=0) as raw, _unpacked(raw, path.stat().st_size or None, tick) as stream:
            yield Document(str(path), stream)
    except FileNotFoundError as error:
        raise SourceError(f"no such file: {path}") from error
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error


@contextmanager
def open_stdin(tick: Tick) -> Iterator[Document]:
    """Open what is piped in."""
    with open(0, "rb", buffering=0, closefd=False) as raw, _unpacked(raw, None, tick) as stream:
        yield Document("standard input", stream)


@contextmanager
def open_url(address: str, tick: Tick, *, allow_private_networks: bool) -> Iterator[Document]:
    """Open what a web server sends.

    Raises
    ------
    SourceError
        When it cannot be fetched.
    """
    fetched = fetch(address, allow_private_networks=allow_private_networks)
    with _unpacked(io.BytesIO(fetched.body), len(fetched.body), tick) as stream:
        yield Document(fetched.url, stream, fetched.media_type, fetched.charset, fetched.url, fetched.links)


def bounded_lines(document: Document) -> Iterator[bytes | None]:
    """Yield each line as it stands; None in the place of one that is longer than `MAX_LINE_BYTES`.

    Raises
    ------
    DamagedError
        Where compressed data breaks off, after the last whole line.
    """
    readline = document.stream.readline
    try:
        while line := readline(MAX_LINE_BYTES + 1):
            if len(line) <= MAX_LINE_BYTES:
                yield line
                continue
            while line and not line.endswith(b"\n"):
                line = readline(_BUFFER_BYTES)
            yield None
    except _GZIP_ERRORS as error:
        raise DamagedError from error


class _Watched(io.RawIOBase):
    """Reports how many of the bytes were read."""

    def __init__(self, raw: io.FileIO | io.BytesIO, total: int | None, tick: Tick) -> None:
        self._raw = raw
        self._total = total
        self._tick = tick
        self._done = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._raw.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._done = self._raw.seek(offset, whence)
        return self._done

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # no other buffers come here
        count = self._raw.readinto(buffer)
        self._done += count
        self._tick(self._done, self._total)
        return count


@contextmanager
def _unpacked(
    raw: io.FileIO | io.BytesIO, total: int | None, tick: Tick
) -> Iterator[io.BufferedReader[Any] | gzip.GzipFile]:
    with io.BufferedReader(_Watched(raw, total, tick), _BUFFER_BYTES) as packed:
        if packed.peek(2)[:2] != _GZIP_MAGIC:
            yield packed
            return
        with gzip.GzipFile(fileobj=packed) as stream:
            yield stream
