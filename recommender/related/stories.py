"""Stories: groups of articles that tell the same, as the ranking has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from recommender.related.growth import Growth

__all__ = ["Story", "stories"]

_WORDS = 4
_DAY_S = 86_400


class Story(NamedTuple):
    """Articles that tell one story.

    Attributes
    ----------
    article_ids : list of str
        The most read first.
    views : int
        Of all of them.
    words : list of str
        Those that weigh most in them, of those that at least half of them have.
    """

    article_ids: list[str]
    views: int
    words: list[str]


def stories(growth: Growth, views: Mapping[str, float], most: int) -> list[Story]:
    """Return the ``most`` read stories among some articles, the most read first.

    Two articles tell one story by the rule of the lists, which hold two of a story at most: their own words are near,
    and few days lie between them. Whoever tells the story of either belongs to it too.

    Parameters
    ----------
    growth : Growth
        Articles that it does not know tell no story.
    views : mapping of article id to views
        The articles.
    """
    places = {one: place for one in views if (place := growth.place(one)) is not None}
    ids = sorted(places, key=lambda one: (-views[one], one))
    rows = growth.rows_of([places[one] for one in ids])
    published = np.array([growth.moment(places[one]) or np.nan for one in ids])  # no date, no story
    apart_s = np.abs(published[:, None] - published)
    way = growth.model.ranking
    same = ((rows @ rows.T).toarray() >= way.story_cosine) & (apart_s <= way.story_days * _DAY_S)
    count, of_story = connected_components(same, directed=False)
    groups = [[ids[at] for at in np.flatnonzero(of_story == number)] for number in range(count)]
    totals = [(int(sum(views[one] for one in group)), group) for group in groups if len(group) > 1]
    return [
        Story(group, total, _words(growth, [places[one] for one in group]))
        for total, group in sorted(totals, key=lambda told: -told[0])[:most]
    ]


def _words(growth: Growth, places: Sequence[int]) -> list[str]:
    rows = growth.rows_of(places)
    shared = np.bincount(rows.indices, minlength=rows.shape[1]) * 2 >= len(places)
    weights = np.asarray(rows.sum(axis=0)).ravel() * shared
    best = np.argsort(-weights, kind="stable")[:_WORDS]
    return [growth.model.terms[place] for place in best.tolist() if weights[place]]
