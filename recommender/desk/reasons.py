"""Reasons: why an article stands in Trending, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping

from recommender.answers import Source
from recommender.trending.ranks import Place
from recommender.trending.trees import FEATURES
from recommender.trending.windows import HALF_LIFE_SHARE, WINDOWS

__all__ = ["reason"]

_LITTLE = math.log(1.02)
"""A factor nearer to 1 than this is not worth a word."""
_TOLD = 3
_NAMES = {"age": "its age", "hour": "the hour of the day"}


def reason(
    source: Source,
    place: Place | None,
    window: str,
    factor: float | None,
    *,
    half_life_share: float = HALF_LIFE_SHARE,
) -> str:
    """Return why an item stands where it does.

    Parameters
    ----------
    source : str
        The item's.
    place : Place, optional
        Its place on the chart.
    window : str
        Whose board the chart is made from.
    factor : float, optional
        An editor's boost.
    half_life_share : float
        Of the window.
    """
    match source:
        case "pinned":
            text = "Pinned by an editor"
        case "section":
            text = "The newest of its section, to fill the list"
        case "latest":
            text = "The newest of all, to fill the list"
        case _:
            text = (
                _score(place, WINDOWS[window].half_life_s(half_life_share), window)
                if place
                else "Trending, to fill the list"
            )
    return f"{text}; times {factor:g} by an editor" if factor and source == "trending" else text


def _score(place: Place, half_life_s: float, window: str) -> str:
    parts = place.parts
    if "late" in parts:
        return f"Read {place.score:.1f} times as much as usual"
    if "base" in parts:
        return f"Expected to draw {place.score:.2g} % of the next hour's views{_features(parts)}"
    if "views" in parts:
        half_life_h = half_life_s / 3600
        return (
            f"{parts['views']:.1f} views, counting half after {half_life_h:g} h, times {parts['age']:.2g} for its age"
        )
    return f"Views in {window}"


def _features(parts: Mapping[str, float]) -> str:
    """Return the factors that matter most, the strongest first."""
    strength = {name: abs(math.log(parts[name])) for name in FEATURES}
    told = sorted((name for name in FEATURES if strength[name] > _LITTLE), key=lambda name: -strength[name])[:_TOLD]
    factors = [f"times {parts[name]:.2g} for {_NAMES.get(name, f'views in {name}')}" for name in told]
    return ": " + ", ".join([f"{parts['base']:.2g} %", *factors]) if factors else ""
