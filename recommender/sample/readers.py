"""Simulated readers, so that Trending lives while one looks.

They come in by the same door as real ones: ``POST /v1/views`` for what they read now, and the same counters, with the
clock of the moment, for what they read in the day before the newsroom opened.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from recommender.article import Article
from recommender.trending.counters import Counters
from recommender.view import View

__all__ = ["Readers"]

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_HOUR_S = 3600.0


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

    def read_past(self, counters: Counters, *, now: float, hours: int = 24, per_hour: int = 120) -> int:
        """Count what was read in the hours before ``now`` (Unix seconds), quieter at night; return the views."""
        moments = sorted(
            start + self._random.random() * _HOUR_S
            for hour in range(hours)
            for start in [now - (hour + 1) * _HOUR_S]
            for _ in range(int(per_hour * _daylight(start)))
        )
        for moment in moments:
            counters.count(self._view(moment), now=moment)
        return len(moments)

    def read_on(self, site_url: str, stopped: threading.Event, *, per_second: float = 2.0) -> None:
        """Post views to a running service until ``stopped`` is set."""
        with httpx.Client(base_url=site_url, headers={"User-Agent": _AGENT}, timeout=2, trust_env=False) as client:
            while not stopped.wait(self._random.expovariate(per_second)):
                try:
                    client.post("/v1/views", content=self._view(time.time()).model_dump_json(exclude_none=True))
                except httpx.HTTPError:
                    continue  # the service starts or stops; a real reader's view would be lost too

    def _view(self, now: float) -> View:
        """Choose an article by its appeal at this moment, and a reader."""
        weights = [appeal.at(now) + 1e-6 for appeal in self._appeals]
        (chosen,) = self._random.choices(self._appeals, weights)
        return View(
            article_id=chosen.article_id,
            event_id=f"{self._random.getrandbits(128):032x}",
            visitor_id=f"{self._random.getrandbits(64):016x}",
        )


def _daylight(moment: float) -> float:
    """Return how busy the hour of day is, .2 at four in the morning to 1 in the afternoon."""
    return 0.6 - 0.4 * math.cos((moment / _HOUR_S - 4) / 24 * 2 * math.pi)
