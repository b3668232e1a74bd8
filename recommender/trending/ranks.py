"""Ranks: boards of views into the order readers see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recommender.trending.tempo import HOUR_S, Tempo

__all__ = ["trending_scores"]

_UNDATED_AGE_H = 24.0
"""Hours; an article without a date is taken for yesterday's, neither news nor history."""


def trending_scores(
    boards: Mapping[str, Mapping[str, float]], published: Mapping[str, float], tempo: Tempo, *, now: float
) -> dict[str, float]:
    """Return the trending score of each article that is published, best first.

    Parameters
    ----------
    boards : mapping of window name to mapping of article id to decayed views
        At least those of the tempo.
    published : mapping of article id to Unix seconds
        0 where no date is known; articles that are not here are left out.
    tempo : Tempo
        How views and age weigh.
    now : float
        Unix seconds.
    """
    decayed = {name: np.array([views.get(one, 0.0) for one in published]) for name, views in boards.items()}
    ages_h = np.array([max(0.0, now - at) / HOUR_S if at else _UNDATED_AGE_H for at in published.values()])
    scores = dict(zip(published, tempo.scores(decayed, ages_h, now).tolist(), strict=True))
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
