"""Coverage: which articles have a list of their own that fills a box."""

from __future__ import annotations

from collections import Counter
from itertools import compress
from typing import NamedTuple

import numpy as np

from recommender.related.growth import GONE, Growth

__all__ = ["Covered", "coverage"]


class Covered(NamedTuple):
    """How many articles of a section have a full list.

    Attributes
    ----------
    section : str
        Its key; empty for articles without one.
    articles, full : int
        All of them, and those whose list fills a box.
    """

    section: str
    articles: int
    full: int


def coverage(growth: Growth, length: int) -> list[Covered]:
    """Return, for each section, how many articles have a list of at least ``length``; the largest section first."""
    full = np.zeros(growth.size, dtype=bool)
    full[: len(growth.model.ids)] = (growth.model.listed.indices >= 0).sum(axis=1) >= length
    for place, entry in growth.entries.items():
        full[place] = (entry.listed >= 0).sum() >= length
    sections = [*growth.model.sections, *growth.sections]
    counted = Counter(compress(zip(sections, full.tolist(), strict=True), (growth.stand_ins != GONE).tolist()))
    names = {section for section, _ in counted}
    found = [Covered(one, counted[one, True] + counted[one, False], counted[one, True]) for one in names]
    return sorted(found, key=lambda one: (-one.articles, one.section))
