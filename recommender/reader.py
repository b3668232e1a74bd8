"""Where the boxes read from: Redis, or what is remembered of it while it is away."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from cachetools import LRUCache

from recommender.archive import Archive
from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.related.lists import Lists
from recommender.trending.charts import Charts, Question
from recommender.trending.ranks import Chart

__all__ = ["LiveReader", "Memory", "Reader", "RememberingReader"]

Neighbours = tuple[str | None, Mapping[str, float]]
"""Version, and score by article id, best first."""


class Reader(Protocol):
    """What a box has to know."""

    def related(self, article_id: str, variant: str = "") -> Neighbours:
        """Return the version of the lists, and the neighbours of an article, by a variant or as the site is set."""
        ...

    def chart(self, asked: Question) -> Chart:
        """Return what readers turn to."""
        ...

    def latest(self, section: str, start: int, count: int) -> list[str]:
        """Return ids from the ``start``-th newest on."""
        ...

    def cards(self, ids: Sequence[str]) -> Mapping[str, Card]:
        """Return the cards of articles that readers may see."""
        ...

    def tagged(self, tag: str, start: int, count: int) -> list[str]:
        """Return ids from the ``start``-th newest on of those that carry a tag."""
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
        self._related: LRUCache[tuple[str, str], Neighbours] = LRUCache(articles)
        self._charts: LRUCache[Question, tuple[float, Chart]] = LRUCache(500)
        self._mutex = threading.Lock()
        self.version: str | None = None
        self.refreshed_at: float | None = None

    def keep_related(self, article_id: str, variant: str, neighbours: Neighbours) -> None:
        """Remember the neighbours of an article, and that Redis was well just now."""
        with self._mutex:
            self._related[article_id, variant] = neighbours
            self.version = neighbours[0]
            self.refreshed_at = time.time()

    def keep_chart(self, asked: Question, chart: Chart) -> None:
        """Remember a chart, and that Redis was well just now."""
        with self._mutex:
            self._charts[asked] = time.monotonic(), chart
            self.refreshed_at = time.time()

    def related(self, article_id: str, variant: str = "") -> Neighbours:
        """Return what is remembered of an article; by the site's rules where nothing is by a variant's."""
        with self._mutex:
            site = self._related.get((article_id, ""), (self.version, {}))
            return self._related.get((article_id, variant), site)

    def chart(self, asked: Question, most_s: float = math.inf) -> Chart | None:
        """Return what is remembered of a chart, if it is not over so many seconds old."""
        with self._mutex:
            made, chart = self._charts.get(asked, (-math.inf, None))
        return chart if time.monotonic() - made < most_s else None


class LiveReader:
    """Reads from Redis, and remembers.

    Parameters
    ----------
    catalogue : Catalogue
    lists : Lists
    charts : Charts
    memory : Memory
    chart_s : float
        Seconds for which a chart that was made is taken as it is.
    """

    def __init__(self, catalogue: Catalogue, lists: Lists, charts: Charts, memory: Memory, *, chart_s: float) -> None:
        self._lists = lists
        self._charts = charts
        self._memory = memory
        self._chart_s = chart_s
        self.latest = catalogue.latest
        self.tagged = catalogue.tagged
        self.cards = catalogue.cards
        self.sections = catalogue.sections

    def related(self, article_id: str, variant: str = "") -> Neighbours:
        """Return the version of the lists, and the neighbours of an article, by a variant or as the site is set."""
        neighbours = self._lists.read(article_id, variant)
        self._memory.keep_related(article_id, variant, neighbours)
        return neighbours

    def chart(self, asked: Question) -> Chart:
        """Return what readers turn to, as of a moment ago."""
        chart = self._memory.chart(asked, self._chart_s)
        if chart is None:
            chart = self._charts.read(asked, now=time.time())
            self._memory.keep_chart(asked, chart)
        return chart


class RememberingReader:
    """Reads lists from memory and articles from the archive on disk, so that nothing withdrawn comes back."""

    def __init__(self, archive: Archive, memory: Memory) -> None:
        self._memory = memory
        self.latest = archive.latest
        self.cards = archive.cards
        self.sections = archive.sections
        self.related = memory.related

    def chart(self, asked: Question) -> Chart:
        """Return a chart as it was; of all articles, then by the site's rules, where this one was never asked for."""
        everything = replace(asked, section="", tag="")
        for question in (asked, everything, replace(everything, rules=None)):
            if chart := self._memory.chart(question):
                return chart
        return Chart((), asked.window, 0, thin=True)

    def tagged(self, tag: str, start: int, count: int) -> list[str]:  # noqa: ARG002 - as `Reader` has it
        """Return nothing: the archive keeps no list of tags."""
        return []
