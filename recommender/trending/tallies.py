"""Views told in bulk, added up for the script that puts them on the boards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.trending.windows import SPANS, WINDOWS

__all__ = ["Part", "Tally", "parts_of"]

_ARTICLES_A_PART = 100
"""Added in one call of the script, some milliseconds in which nobody else is served."""
_TICK_S = SPANS[0].seconds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Tally(NamedTuple):
    """Views of an article at one moment, already filtered.

    Attributes
    ----------
    article_id : str
    second : float
        Unix seconds.
    organic, boxed : int
        Views that did not come from the trending box, and those that did.
    """

    article_id: str
    second: float
    organic: int = 1
    boxed: int = 0


class Part(NamedTuple):
    """The sums of some articles, as ``add_views.lua`` is told them.

    Attributes
    ----------
    ids : list of str
    sums : list of (int, float, list)
        For each article its views, the Unix second of the last, and for each window the logarithm (base 2) of the
        views that are left at that second; False for none.
    buckets : list of (int, int, list, list, list)
        Seconds of a bucket and its number, and of the articles that were viewed in it, given by their places in `ids`:
        places, organic views, views from the trending box.
    """

    ids: list[str]
    sums: list[tuple[int, float, list[float | bool]]]
    buckets: list[tuple[int, int, list[int], list[int], list[int]]]


def parts_of(tallies: Iterable[Tally], *, now: float, boxed_weight: float, half_life_share: float) -> Iterator[Part]:
    """Yield the sums of all articles, some articles at a time, in the order of their ids.

    What a wrong clock puts into the future counts as of ``now`` (Unix seconds).
    """
    told = list(tallies)
    if not told:
        return
    ids, *columns = zip(*told, strict=True)
    names = sorted(set(ids))
    place_of = {one: place for place, one in enumerate(names)}
    places = np.fromiter(map(place_of.__getitem__, ids), np.int64, len(ids))
    order = np.argsort(places, kind="stable")
    places = places[order]
    seconds, organic, boxed = np.array(columns, dtype=np.float64)[:, order]
    seconds = np.minimum(seconds, now)
    firsts = range(0, len(names), _ARTICLES_A_PART)
    borders = np.searchsorted(places, [*firsts, len(names)]).tolist()
    for first, (start, end) in zip(firsts, pairwise(borders), strict=True):
        when, kinds = (places[start:end] - first, seconds[start:end]), (organic[start:end], boxed[start:end])
        weights = kinds[0] + boxed_weight * kinds[1]
        yield Part(
            names[first : first + _ARTICLES_A_PART],
            _sums(*when, kinds[0] + kinds[1], weights, half_life_share),
            list(_buckets(*when, *kinds, now)),
        )


def _sums(
    places: Ints, seconds: Floats, views: Floats, weights: Floats, half_life_share: float
) -> list[tuple[int, float, list[float | bool]]]:
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    totals = np.add.reduceat(views, starts).astype(int)
    moments = np.maximum.reduceat(seconds, starts)
    ages = moments[places] - seconds
    half_lives = [window.half_life_s(half_life_share) for window in WINDOWS.values()]
    left = np.array([np.add.reduceat(weights * 2 ** (-ages / half_life_s), starts) for half_life_s in half_lives])
    logarithms = np.log2(left, where=left > 0, out=np.full_like(left, -np.inf)).T
    told = [[one > -np.inf and one for one in of_article] for of_article in logarithms.tolist()]
    return list(zip(totals.tolist(), moments.tolist(), told, strict=True))


def _buckets(
    places: Ints, seconds: Floats, organic: Floats, boxed: Floats, now: float
) -> Iterator[tuple[int, int, list[int], list[int], list[int]]]:
    count = int(places[-1]) + 1
    for span in SPANS:
        # Boards go by the start of the bucket under way; what is over by then is in no bucket.
        kept = seconds >= (now // _TICK_S * _TICK_S - span.kept_s) // span.seconds * span.seconds
        fields, inverse = np.unique(
            (seconds[kept] // span.seconds).astype(int) * count + places[kept], return_inverse=True
        )
        views = [np.bincount(inverse, of_kind[kept]).astype(int).tolist() for of_kind in (organic, boxed)]
        numbers, within = np.divmod(fields, count)
        starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
        columns = within.tolist(), *views
        for start, end in pairwise([*starts, len(fields)]):
            yield span.seconds, int(numbers[start]), *(column[start:end] for column in columns)
