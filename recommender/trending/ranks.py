"""Ranks: boards of views into the order readers see."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["trending_scores"]

_UNDATED_AGE_H = 24.0
"""Hours; an article without a date is taken for yesterday's, neither news nor history."""


def trending_scores(
    views: Mapping[str, float], published: Mapping[str, float], *, now: float, age_exponent: float
) -> dict[str, float]:
    """Return the trending score of each article that is published, best first.

    The score is views / (age in hours + 2) ^ exponent: of two articles read alike, the newer one is the news.

    Parameters
    ----------
    views : mapping of article id to decayed views
    published : mapping of article id to Unix seconds
        0 where no date is known; articles that are not here are left out.
    now : float
        Unix seconds.
    age_exponent : float
        0 leaves the views as they are.
    """
    scores = {
        article_id: number / (_age_h(published[article_id], now) + 2) ** age_exponent
        for article_id, number in views.items()
        if article_id in published
    }
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _age_h(published: float, now: float) -> float:
    return max(0.0, now - published) / 3600 if published else _UNDATED_AGE_H
