"""What is compiled by numba: the loops over pairs of articles. Importing this takes a second; import it when needed.

Each function has a slower twin in numpy and scipy, in `uncompiled` or beside its caller, used where there is no numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["closest_of_candidates", "compiled", "expand_rows", "rows_with", "take_greedily"]

_LOW = 0x7FFF_FFFF
"""The bits of a place packed below a number by which it is sorted."""

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile, and keep the code on disk where there is a place for it."""
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # nowhere to keep it: compiled anew in each process, which takes some seconds
        return cast("Function", numba.njit(nogil=True)(function))


@compiled
def _product(dense: NDArray[np.float32], terms: NDArray[np.int32], weights: NDArray[np.float32]) -> np.float32:
    """Return the product of a row with one that is laid out densely.

    It is added up in four sums, always the same: a single one would wait for each addition to end.
    """
    first = second = third = fourth = np.float32(0)
    whole = len(terms) // 4 * 4
    for at in range(0, whole, 4):
        first += dense[terms[at]] * weights[at]
        second += dense[terms[at + 1]] * weights[at + 1]
        third += dense[terms[at + 2]] * weights[at + 2]
        fourth += dense[terms[at + 3]] * weights[at + 3]
    for at in range(whole, len(terms)):
        first += dense[terms[at]] * weights[at]
    return (first + second) + (third + fourth)


@compiled
def expand_rows(
    rows: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    n_terms: int,
    some: NDArray[np.integer],
    neighbours: tuple[NDArray[np.int32], NDArray[np.float32], int, int],
    shares: tuple[float, float, float],
    expanded: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]],
) -> None:
    """Expand rows by the words of their kin, as `Expansion.expand` does; not yet of length 1.

    Parameters
    ----------
    rows : starts, terms, weights
        As a CSR matrix has them.
    some : array of int
        Which to expand.
    neighbours : indices (n, w), cosines (n, w), nearest, widest
        Of each row; -1 where there is none; and of how many of them each of the two centroids is.
    shares : own, near, wide
        Weights of an article's own words, and of the two centroids.
    expanded : counts (n,), terms (n, most), weights (n, most)
        Filled with the heaviest of each row, in the order of their terms.
    """
    starts, terms, weights = rows
    counts, heaviest, heaviest_weights = expanded
    kin, cosines, nearest, widest = neighbours
    own, near, wide = shares
    # Of each word the weight among the row's own, the two sums, and one place more: all in one line of the cache.
    sums = np.zeros((n_terms, 4), dtype=np.float32)
    met, weighed = np.empty(n_terms + 1, dtype=np.int32), np.empty(n_terms, dtype=np.float32)
    for row in some:
        count = 0
        for at in range(starts[row], starts[row + 1]):
            met[count] = terms[at]
            sums[terms[at], 0] = own * weights[at]
            count += 1
        for place in range(min(widest, kin.shape[1])):
            other, cosine = kin[row, place], cosines[row, place]
            if other < 0:
                continue
            square = cosine * cosine if place < nearest else np.float32(0)
            # No branches: whether a word was met before cannot be foretold. No weight is 0, so no sum of a word met is.
            for at in range(starts[other], starts[other + 1]):
                term = terms[at]
                met[count] = term
                count += (sums[term, 0] == 0) & (sums[term, 2] == 0)
                sums[term, 1] += square * weights[at]
                sums[term, 2] += cosine * weights[at]
        squares = np.zeros(2)
        for at in range(count):
            squares[0] += sums[met[at], 1] ** 2
            squares[1] += sums[met[at], 2] ** 2
        near_share = near / np.sqrt(squares[0]) if squares[0] > 0 else 0.0
        wide_share = wide / np.sqrt(squares[1]) if squares[1] > 0 else 0.0
        for at in range(count):
            term = met[at]
            weighed[at] = sums[term, 0] + (near_share * sums[term, 1] + wide_share * sums[term, 2])
            sums[term] = 0
        counts[row] = _keep_heaviest(met[:count], weighed[:count], heaviest[row], heaviest_weights[row])


@compiled
def _least_of_greatest(values: NDArray[np.float32], count: int) -> np.float32:
    """Return the least of the ``count`` greatest: by parting them at one of them, again and again, without branches."""
    left, greater, less = values, np.empty(len(values) + 1, values.dtype), np.empty(len(values) + 1, values.dtype)
    while True:
        pivot: np.float32 = left[len(left) // 2]
        n_greater = n_less = 0
        for value in left:
            greater[n_greater] = less[n_less] = value
            n_greater += value > pivot
            n_less += value < pivot
        if n_greater >= count:
            left, greater = greater[:n_greater], np.empty(n_greater + 1, values.dtype)
        elif len(left) - n_less >= count:
            return pivot
        else:
            count -= len(left) - n_less
            left, less = less[:n_less], np.empty(n_less + 1, values.dtype)


@compiled
def _keep_heaviest(
    terms: NDArray[np.int32],
    weights: NDArray[np.float32],
    kept_terms: NDArray[np.int32],
    kept_weights: NDArray[np.float32],
) -> int:
    """Keep the heaviest, as many as there is room for, in order of their terms; return how many."""
    most = min(len(kept_terms), len(terms))
    if not most:
        return 0
    least = _least_of_greatest(weights, most)
    room = most - (weights > least).sum()  # for those as heavy as the lightest kept
    kept, count = np.empty(most + 1, dtype=np.int64), 0
    for at in range(len(terms)):
        kept[count] = np.int64(terms[at]) << 32 | at
        equal = weights[at] == least
        count += weights[at] > least or (equal and room > 0)
        room -= equal
    for place, packed in enumerate(np.sort(kept[:count])):
        kept_terms[place], kept_weights[place] = packed >> 32, weights[packed & _LOW]
    return count


@compiled
def closest_of_candidates(  # noqa: C901 - one pass over memory
    rows: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    n_terms: int,
    some: NDArray[np.integer],
    graph: NDArray[np.int32],
    onward: NDArray[np.int32],
    hops: int,
    known: NDArray[np.float32],
    stand_ins: NDArray[np.int32],
    least: float,
    indices: NDArray[np.int32],
    cosines: NDArray[np.float32],
) -> None:
    """Compare rows with those that a graph leads to, and another one from there, and keep the nearest of each.

    Parameters
    ----------
    rows : starts, terms, weights
        As a CSR matrix has them.
    some : array of int
        Which to compare with others.
    graph : array of int32, shape (n, w)
        -1 where there is none.
    onward : array of int32, shape (n, m)
        The second step, from as many of the first as ``hops``.
    hops : int
    known : array of float32, shape (n, w) or (0, 0)
        The cosines of those to whom one step leads; NaN where they are not known.
    stand_ins : array of int32, shape (n,)
        What is compared in place of each.
    indices, cosines : arrays, shape (n, k)
        Filled.
    """
    starts, terms, weights = rows
    (n, width), further = graph.shape, onward.shape[1]
    dense = np.zeros(n_terms, dtype=np.float32)
    seen = np.full(n, -1, dtype=np.int32)
    room = min(n, width + hops * further) + 1
    candidates, near = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.float32)
    for row in some:
        seen[stand_ins[row]] = row
        count = 0
        for place in range(width):
            if graph[row, place] >= 0:
                other = stand_ins[graph[row, place]]
                candidates[count], near[count] = other, known[row, place] if len(known) else np.nan
                count += seen[other] != row
                seen[other] = row
        first = count
        for hop in range(hops):
            via = graph[row, hop]
            for place in range(further if via >= 0 else 0):
                if onward[via, place] >= 0:
                    other = stand_ins[onward[via, place]]
                    candidates[count] = other
                    count += seen[other] != row
                    seen[other] = row
        near[first:count] = np.nan
        for at in range(starts[row], starts[row + 1]):
            dense[terms[at]] = weights[at]
        for place in range(count):
            if np.isnan(near[place]):
                words = slice(starts[candidates[place]], starts[candidates[place] + 1])
                near[place] = _product(dense, terms[words], weights[words])
        for at in range(starts[row], starts[row + 1]):
            dense[terms[at]] = 0
        _keep_nearest(candidates[:count], near[:count], least, indices[row], cosines[row])


@compiled
def _keep_nearest(
    candidates: NDArray[np.int32],
    near: NDArray[np.float32],
    least: float,
    indices: NDArray[np.int32],
    cosines: NDArray[np.float32],
) -> None:
    """Keep the nearest, as many as there is room for, nearest first, and equals in the order of their index."""
    if len(near) > len(indices):
        least = max(least, float(_least_of_greatest(near, len(indices))))
    kept, count = np.empty(len(near) + 1, dtype=np.int64), 0
    # The bits of positive numbers are in their order.
    for at, bits in enumerate(near.view(np.int32)):
        kept[count] = np.int64(_LOW - bits) << 32 | candidates[at]
        count += near[at] >= least
    for place, packed in enumerate(np.sort(kept[:count])[: len(indices)]):
        indices[place] = packed & _LOW
        cosines[place : place + 1].view(np.int32)[0] = _LOW - (packed >> 32)


@compiled
def _before(worth: NDArray[np.float64], one: int, other: int) -> bool:
    """Tell whether one is worth more than another; of equals the first is."""
    return bool(worth[one] > worth[other] or (worth[one] == worth[other] and one < other))


@compiled
def take_greedily(  # noqa: C901, PLR0912 - one pass over memory
    rows: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    n_terms: int,
    kin: tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]],
    others: NDArray[np.int32],
    merit: NDArray[np.float64],
    published: NDArray[np.float64],
    variety: float,
    story_most: int,
    story_cosine: float,
    story_s: float,
    order: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> None:
    """Choose the best remaining candidate of each list until it is full, as `Ranking.rank` does.

    Parameters
    ----------
    rows : starts, terms, weights
        The articles' own words, as a CSR matrix has them.
    kin : indices, cosines, bounds
        Of each article, as `Kin` has them: most cosines that are asked for are known by them.
    others, merit, published : arrays, shape (b, c)
        The candidates, what each is worth by itself, and its Unix second; 0 where no date is known.
    order, scores : arrays, shape (b, keep)
        Filled.
    """
    starts, terms, weights = rows
    kin_indices, kin_cosines, bounds = kin
    dense = np.zeros(n_terms, dtype=np.float32)
    count, keep = others.shape[1], order.shape[1]
    taken_as = np.zeros(len(starts), dtype=np.int16)  # from 1; 0 for who is not
    likeness = np.zeros(keep + 1, dtype=np.float32)  # with those taken, and first whatever is like one who is not
    for row in range(len(others)):
        # What a candidate was worth when it was last looked at is the most that it can be worth now, so that only the
        # first of the queue is looked at again: it is the next when it has been compared with all taken so far.
        worth, queue = merit[row].copy(), np.argsort(-merit[row], kind="mergesort")
        likest, stories = np.zeros(count), np.zeros(count, dtype=np.int64)
        compared = np.zeros(count, dtype=np.int64)
        first = taken = 0
        while taken < keep and first < count and worth[queue[first]] > 0:
            best = queue[first]
            one, since = others[row, best], compared[best]
            if since == taken:
                order[row, taken], scores[row, taken] = best, worth[best]
                taken_as[one] = taken + 1
                taken, first = taken + 1, first + 1
                continue
            likeness[: taken + 1] = -1
            for at in range(kin_indices.shape[1]):
                likeness[taken_as[kin_indices[one, at]]] = kin_cosines[one, at]  # -1 is the last, which nobody is
            # Others are no nearer than the bound of its kin.
            if bounds[one] > max(likest[best], likeness[since + 1 : taken + 1].max()) or bounds[one] >= story_cosine:
                for at in range(starts[one], starts[one + 1]):
                    dense[terms[at]] = weights[at]
                for before in range(since, taken):
                    if likeness[before + 1] < 0:
                        other = others[row, order[row, before]]
                        some = slice(starts[other], starts[other + 1])
                        likeness[before + 1] = _product(dense, terms[some], weights[some])
                for at in range(starts[one], starts[one + 1]):
                    dense[terms[at]] = 0
            for before in range(since, taken):
                place = order[row, before]
                likest[best] = max(likest[best], likeness[before + 1])
                dated = published[row, best] > 0 and published[row, place] > 0
                apart = abs(published[row, best] - published[row, place])
                if likeness[before + 1] >= story_cosine and dated and apart <= story_s:
                    stories[best] += 1
            compared[best] = taken
            worth[best] = merit[row, best] * (1 - variety * likest[best]) if stories[best] < story_most else -1
            place = first
            while place + 1 < count and _before(worth, queue[place + 1], best):
                queue[place] = queue[place + 1]
                place += 1
            queue[place] = best
        for before in range(taken):
            taken_as[others[row, order[row, before]]] = 0


@compiled
def rows_with(indices: NDArray[np.int32], wanted: NDArray[np.bool_], found: NDArray[np.bool_]) -> None:
    """Find the rows in which somebody stands who is wanted; -1 is the last of these.

    Parameters
    ----------
    indices : array of int32, shape (n, k)
    wanted : array of bool, shape (m + 1,)
    found : array of bool, shape (n,)
        Filled; False before.
    """
    for row in range(len(indices)):
        for place in range(indices.shape[1]):
            if wanted[indices[row, place]]:
                found[row] = True
                break
