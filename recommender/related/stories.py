"""Stories: groups of articles that stand high in each other's lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from recommender.related.growth import Growth

__all__ = ["Story", "shared_words", "stories"]

_NEAREST = 10
_WORDS = 4


class Story(NamedTuple):
    """Articles about one matter.

    Attributes
    ----------
    article_ids : list of str
        The most read first.
    views : int
        Of all of them.
    """

    article_ids: list[str]
    views: int


def stories(views: Mapping[str, float], lists: Mapping[str, Sequence[str]]) -> list[Story]:
    """Return the stories among some articles, the most read first.

    Two articles belong together where each is among the first ten of the other's list, and so does whoever belongs to
    either.

    Parameters
    ----------
    views : mapping of article id to views
        The articles.
    lists : mapping of article id to ids
        The list of each, the nearest first.
    """
    ids = sorted(views, key=lambda one: (-views[one], one))
    places = {one: place for place, one in enumerate(ids)}
    pairs = np.array(
        [
            (place, places[other])
            for one, place in places.items()
            for other in lists.get(one, ())[:_NEAREST]
            if other in places
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    near = csr_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(len(ids), len(ids)))
    count, of_story = connected_components(near.multiply(near.T), directed=False)
    groups: list[list[str]] = [[] for _ in range(count)]
    for one, story in zip(ids, of_story.tolist(), strict=True):
        groups[story].append(one)
    found = [Story(group, int(sum(views[one] for one in group))) for group in groups if len(group) > 1]
    return sorted(found, key=lambda story: -story.views)


def shared_words(growth: Growth, article_ids: Sequence[str]) -> list[str]:
    """Return the words that weigh most in articles, of those that at least half of them have; none where no model."""
    places = [place for one in article_ids if (place := growth.place(one)) is not None]
    if not places:
        return []
    rows = growth.rows_of(places)
    shared = np.bincount(rows.indices, minlength=rows.shape[1]) * 2 >= max(len(places), 3)
    weights = np.asarray(rows.sum(axis=0)).ravel() * shared
    best = np.argsort(-weights, kind="stable")[:_WORDS]
    return [growth.model.terms[place] for place in best.tolist() if weights[place]]
