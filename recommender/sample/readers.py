"""Simulated readers, so that Trending lives while one looks.

They read, see boxes and click as real ones do: over HTTP now, and with the clock of the moment in the day before the
newsroom opened.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError

from recommender.answers import BoxName, Item, Source, WidgetsAnswer
from recommender.article import Article
from recommender.clicks.impression import Impression
from recommender.sample.doors import Door, Past, Web
from recommender.service import Service
from recommender.view import View

__all__ = ["Readers"]

_HOUR_S = 3600.0
_SEEN: Mapping[BoxName, float] = {"related": 0.7, "trending": 0.5}
"""Share of visits in which a reader comes as far as a box."""
_CLICKED: Mapping[Source, float] = {"pinned": 0.04, "related": 0.03, "trending": 0.03, "section": 0.02, "latest": 0.01}
"""How likely an item in the first place is clicked."""
_BIAS = 0.6
"""How the likelihood falls from place to place: by its power."""


@dataclass(frozen=True, slots=True)
class _Appeal:
    """How an article draws readers: at once, and fading."""

    article_id: str
    published: float
    strength: float
    half_life_s: float

    def at(self, now: float) -> float:
        age = now - self.published
        return self.strength * 2 ** (-age / self.half_life_s) if age >= 0 else 0.0


class Readers:
    """A crowd with a taste of its own, the same for the same seed.

    Parameters
    ----------
    articles : sequence of Article
        What there is to read, with dates.
    seed : int
        Of the random numbers.
    """

    def __init__(self, articles: Sequence[Article], seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._appeals = [
            _Appeal(
                article.id,
                article.published_at.timestamp() if article.published_at else 0.0,
                # A few articles draw most readers, as on every site.
                strength=self._random.paretovariate(1.2),
                half_life_s=self._random.uniform(3, 18) * _HOUR_S,
            )
            for article in articles
            if not article.withdrawn
        ]

    def read_past(self, service: Service, *, now: float, hours: int = 24, per_hour: int = 120) -> int:
        """Read in the hours before ``now`` (Unix seconds), quieter at night; return the views."""
        moments = sorted(
            start + self._random.random() * _HOUR_S
            for hour in range(hours)
            for start in [now - (hour + 1) * _HOUR_S]
            for _ in range(int(per_hour * _daylight(start)))
        )
        past = Past(service, now)
        for past.moment in moments:
            self.visit(past)
        return past.views

    def read_on(self, site_url: str, stopped: threading.Event, *, per_second: float = 1.7) -> None:
        """Visit a running service until ``stopped`` is set."""
        with httpx.Client(base_url=site_url, timeout=2, trust_env=False) as client:
            while not stopped.wait(self._random.expovariate(per_second)):
                try:
                    self.visit(Web(client))
                except (httpx.HTTPError, ValidationError):
                    continue  # the service starts or stops; a real reader's view would be lost too

    def visit(self, door: Door) -> None:
        """Read an article that draws readers, and go on to what is clicked below it."""
        visitor, article_id = f"{self._random.getrandbits(64):016x}", self._chosen(door.now())
        came_from: dict[str, Any] = {}
        while article_id:
            event = f"{self._random.getrandbits(128):032x}"
            door.read(View(article_id=article_id, event_id=event, visitor_id=visitor, **came_from))
            answer = door.boxes(article_id, visitor)
            article_id, came_from = self._clicked(door, visitor, answer)

    def _clicked(self, door: Door, visitor: str, answer: WidgetsAnswer) -> tuple[str, dict[str, Any]]:
        """Look at the boxes, the one below the article first; return what is clicked, if anything, and where."""
        boxes: dict[BoxName, list[Item]] = {"related": answer.related.items, "trending": answer.trending.items}
        for box, items in boxes.items():
            if self._random.random() > _SEEN[box]:
                continue
            door.see(Impression(request_id=answer.request_id, box=box, visitor_id=visitor))
            for item in items:
                if self._random.random() < _CLICKED[item.source] / item.position**_BIAS:
                    return item.id, {"source": box, "position": item.position, "request_id": answer.request_id}
        return "", {}

    def _chosen(self, now: float) -> str:
        """Choose an article by its appeal at this moment."""
        weights = [appeal.at(now) + 1e-6 for appeal in self._appeals]
        (chosen,) = self._random.choices(self._appeals, weights)
        return chosen.article_id


def _daylight(moment: float) -> float:
    """Return how busy the hour of day is, .2 at four in the morning to 1 in the afternoon."""
    return 0.6 - 0.4 * math.cos((moment / _HOUR_S - 4) / 24 * 2 * math.pi)
