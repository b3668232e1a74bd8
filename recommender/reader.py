"""Where the boxes read from: Redis, or what is remembered of it while it is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cachetools import LRUCache, TTLCache

from recommender.archive import Archive
from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.related.lists import Lists
from recommender.trending.counters import Counters
from recommender.trending.tempo import DEFAULT_TEMPO, Tempo
from recommender.trending.windows import Board, Window

__all__ = ["LiveReader", "Memory", "Reader", "RememberingReader"]

Neighbours = tuple[str | None, Mapping[str, float]]
"""Version, and score by article id, best first."""

_TEMPO_S = 10
"""Seconds for which a process goes by the tempo it read."""


class Reader(Protocol):
    """What a box has to know."""

    def related(self, article_id: str) -> Neighbours:
        """Return the version of the lists, and the neighbours of an article."""
        ...

    def top(self, board: Board, window: Window, section: str, count: int) -> Mapping[str, float]:
        """Return the views of the leading articles of a board, best first."""
        ...

    def leaders(self, windows: Sequence[Window], section: str, count: int) -> Mapping[str, Mapping[str, float]]:
        """Return by window the decayed views of the articles that lead any of their boards."""
        ...

    def tempo(self) -> Tempo:
        """Return what the window ``auto`` stands for."""
        ...

    def latest(self, section: str, start: int, count: int) -> list[str]:
        """Return ids from the ``start``-th newest on."""
        ...

    def cards(self, ids: Sequence[str]) -> Mapping[str, Card]:
        """Return the cards of articles that readers may see."""
        ...

    def published(self, ids: Sequence[str]) -> Mapping[str, float]:
        """Return the Unix second of publication of articles that readers may see; 0 where no date is known."""
        ...

    def sections(self) -> Mapping[str, str]:
        """Return the sections: key -> name, the largest first."""
        ...


class Memory:
    """The last good lists of one process.

    Parameters
    ----------
    articles : int
        How many articles' neighbours to remember, the last asked for.
    """

    def __init__(self, articles: int = 20_000) -> None:
        self._related: LRUCache[str, Neighbours] = LRUCache(articles)
        self._boards: LRUCache[tuple[str, str, str], Mapping[str, float]] = LRUCache(500)
        self._mutex = threading.Lock()
        self.version: str | None = None
        self.tempo = DEFAULT_TEMPO
        self.refreshed_at: float | None = None

    def keep_related(self, article_id: str, neighbours: Neighbours) -> None:
        """Remember the neighbours of an article, and that Redis was well just now."""
        with self._mutex:
            self._related[article_id] = neighbours
            self.version = neighbours[0]
            self.refreshed_at = time.time()

    def keep_board(self, board: Board, window: Window, section: str, views: Mapping[str, float]) -> None:
        """Remember a board, and that Redis was well just now."""
        with self._mutex:
            self._boards[board, window.name, section] = views
            self.refreshed_at = time.time()

    def related(self, article_id: str) -> Neighbours:
        """Return what is remembered of an article."""
        with self._mutex:
            return self._related.get(article_id, (self.version, {}))

    def board(self, board: Board, window: Window, section: str) -> Mapping[str, float]:
        """Return what is remembered of a board; of all sections where this one was never asked for."""
        with self._mutex:
            key, overall = (board, window.name, section), (board, window.name, "")
            return self._boards.get(key) or self._boards.get(overall) or {}


class LiveReader:
    """Reads from Redis, and remembers."""

    def __init__(self, catalogue: Catalogue, lists: Lists, counters: Counters, memory: Memory) -> None:
        self._catalogue = catalogue
        self._lists = lists
        self._counters = counters
        self._memory = memory
        self._tempo: TTLCache[None, Tempo] = TTLCache(1, _TEMPO_S)
        self._mutex = threading.Lock()
        self.latest = catalogue.latest
        self.cards = catalogue.cards
        self.published = catalogue.published
        self.sections = catalogue.sections

    def related(self, article_id: str) -> Neighbours:
        """Return the version of the lists, and the neighbours of an article."""
        neighbours = self._lists.read(article_id)
        self._memory.keep_related(article_id, neighbours)
        return neighbours

    def tempo(self) -> Tempo:
        """Return what the window ``auto`` stands for, as of a few seconds ago."""
        with self._mutex:
            tempo = self._tempo.get(None)
        if tempo is None:
            tempo = self._counters.choice().tempo
            with self._mutex:
                self._tempo[None] = self._memory.tempo = tempo
        return tempo

    def top(self, board: Board, window: Window, section: str, count: int) -> Mapping[str, float]:
        """Return the views of the leading articles of a board, best first."""
        views = self._counters.top(board, window, section, now=time.time(), count=count)
        self._memory.keep_board(board, window, section, views)
        return views

    def leaders(self, windows: Sequence[Window], section: str, count: int) -> Mapping[str, Mapping[str, float]]:
        """Return by window the decayed views of the articles that lead any of their boards."""
        boards = self._counters.leaders(windows, section, now=time.time(), count=count)
        for window in windows:
            self._memory.keep_board("decayed", window, section, boards[window.name])
        return boards


class RememberingReader:
    """Reads lists from memory and articles from the archive on disk, so that nothing withdrawn comes back."""

    def __init__(self, archive: Archive, memory: Memory) -> None:
        self._memory = memory
        self.latest = archive.latest
        self.cards = archive.cards
        self.published = archive.published
        self.sections = archive.sections
        self.related = memory.related

    def tempo(self) -> Tempo:
        """Return what the window ``auto`` stood for."""
        return self._memory.tempo

    def top(self, board: Board, window: Window, section: str, count: int) -> Mapping[str, float]:
        """Return the views of the leading articles of a board as they were, best first."""
        views: Iterable[tuple[str, float]] = self._memory.board(board, window, section).items()
        return dict(list(views)[:count])

    def leaders(self, windows: Sequence[Window], section: str, count: int) -> Mapping[str, Mapping[str, float]]:
        """Return by window the decayed views of the articles that led any of their boards, as they were."""
        return {window.name: self.top("decayed", window, section, len(windows) * count) for window in windows}
