"""Ranks: views into the order readers see. Plain functions over arrays, which know no Redis.

``trending`` weighs decayed views by age, ``rising`` compares how an article is read of late with how it is read
usually, and ``most_viewed`` is the count itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from recommender.trending.tempo import HOUR_S, Tempo
from recommender.trending.windows import WINDOWS

__all__ = [
    "RISING",
    "Chart",
    "Place",
    "ages_h",
    "rising_pace",
    "rising_places",
    "rising_scores",
    "telling",
    "trending_places",
]

Floats = NDArray[np.float64]

_UNDATED_AGE_H = 24.0
"""Hours; an article without a date is taken for yesterday's, neither news nor history."""
_EXPLAINED = 50
"""Places whose parts are told: as many as any box shows."""
_NOTHING: Mapping[str, float] = MappingProxyType({})

_WIDER = {"1h": "6h", "6h": "24h", "24h": "7d"}
"""The window that is ranked by where one has too few views to say anything."""

RISING = {"1h": ("1h", "24h"), "6h": ("6h", "7d"), "24h": ("24h", "7d"), "7d": ("24h", "7d")}
"""Of what is rising in a window: the one whose views are of late, and the one whose views are usual.

No window is longer than 7d, so that its latest day is held against it.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """One article on a chart, and why it is there.

    Attributes
    ----------
    article_id : str
    score : float
        What the chart is sorted by.
    views : int
        Views counted in the chart's window.
    parts : dict of str to float
        What the score is made of, by name; of the first fifty.
    since : float, optional
        Unix second since when it has been on the list, where that is remembered.
    """

    article_id: str
    score: float
    views: int
    parts: Mapping[str, float] = field(default_factory=dict)
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A ranked list, and how much stands behind it.

    Attributes
    ----------
    places : tuple of Place
        Best first.
    window : str
        Whose views it is ranked by: wider than the one asked for, where that had too few.
    views : int
        Views counted in it, of the articles that lead.
    thin : bool
        Whether the window asked for had too few.
    """

    places: tuple[Place, ...]
    window: str
    views: int
    thin: bool


def telling(
    window: str, viewed: Callable[[str], Mapping[str, float]], least_views: int
) -> tuple[str, Mapping[str, float]]:
    """Return the first window from this one on that has enough views, and who leads it; else the widest.

    Parameters
    ----------
    window : str
    viewed : callable
        Returns views by article id in a window.
    least_views : int
    """
    counted = viewed(window)
    while sum(counted.values()) < least_views and window in _WIDER:
        window = _WIDER[window]
        counted = viewed(window)
    return window, counted


def ages_h(published: Mapping[str, float], now: float) -> dict[str, float]:
    """Return the age in hours of articles, by their Unix second of publication; 0 where no date is known."""
    return {one: max(0.0, now - second) / HOUR_S if second else _UNDATED_AGE_H for one, second in published.items()}


def trending_places(
    boards: Mapping[str, Mapping[str, float]],
    ages: Mapping[str, float],
    tempo: Tempo,
    *,
    now: float,
    counted: Mapping[str, float] = _NOTHING,
) -> list[Place]:
    """Return the articles that have an age, as they trend at a tempo, best first.

    Parameters
    ----------
    boards : mapping of window name to mapping of article id to decayed views
        At least those of the tempo.
    ages : mapping of article id to hours
    tempo : Tempo
        How views and age weigh.
    now : float
        Unix seconds.
    counted : mapping of article id to views
        In the window that the chart speaks of.
    """
    ids = list(ages)
    decayed = {name: np.array([views.get(one, 0.0) for one in ids]) for name, views in boards.items()}
    hours = np.array([ages[one] for one in ids])
    scores = tempo.scores(decayed, hours, now) if ids else hours
    best = sorted(range(len(ids)), key=lambda place: (-scores[place], ids[place]))
    shown = np.array(best[:_EXPLAINED], dtype=np.int64)
    parts = tempo.parts({name: views[shown] for name, views in decayed.items()}, hours[shown], now) if ids else {}
    return [
        Place(
            ids[place],
            float(scores[place]),
            int(counted.get(ids[place], 0)),
            {name: float(values[at]) for name, values in parts.items()} if at < _EXPLAINED else {},
        )
        for at, place in enumerate(best)
    ]


def rising_places(
    late: Mapping[str, float],
    usual: Mapping[str, float],
    window: str,
    *,
    least: float,
    prior: float,
    counted: Mapping[str, float] = _NOTHING,
) -> list[Place]:
    """Return the articles that are rising in a window, best first.

    Parameters
    ----------
    late, usual : mapping of article id to decayed views
        On the two boards of `RISING`.
    window : str
    least, prior : float
        See `rising_scores`.
    counted : mapping of article id to views
        In the window that the chart speaks of.
    """
    ids = sorted(late)
    scores = rising_scores(
        np.array([late[one] for one in ids]),
        np.array([usual.get(one, 0.0) for one in ids]),
        pace=rising_pace(window),
        least=least,
        prior=prior,
    )
    places = [
        Place(one, float(score), int(counted.get(one, 0)), {"late": late[one], "usual": usual.get(one, 0.0)})
        for one, score in zip(ids, scores, strict=True)
        if score > 0
    ]
    return sorted(places, key=lambda place: -place.score)


def rising_pace(window: str) -> float:
    """Return what the late board of a window holds of an article's usual one where it is read steadily.

    Half-lives are the same share of either window, and a counter holds as much as its half-life is long.
    """
    late, usual = (WINDOWS[name].seconds for name in RISING[window])
    return late / usual


def rising_scores(late: Floats, usual: Floats, *, pace: float, least: float, prior: float) -> Floats:
    """Return how many times as much as usual each article is read of late; 0 where it is not rising.

    Two decaying counters are compared: what the fast one holds, and what it would hold if the article were read
    steadily as the slow one says. ``prior`` is added to both, so that a few views more than next to none are no surge.
    An article born a moment ago is in both counters and needs no past to be seen.

    Parameters
    ----------
    late, usual : array of float, shape (n,)
        Views, decayed with the shorter half-life and with the longer.
    pace : float
        What `late` holds of `usual` where an article is read steadily: the ratio of the half-lives.
    least : float
        Decayed views of late below which nothing is said of an article.
    prior : float
        Views.
    """
    expected = usual * pace
    ratios = (late + prior) / (expected + prior)
    scores: Floats = np.where((late >= least) & (ratios > 1), ratios, 0.0)
    return scores
