"""Rows into neighbours: the nearest by cosine, in blocks, without ever holding n x n numbers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from joblib import Parallel, delayed, parallel
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.uncompiled import nearest_dense, nearest_masked

__all__ = ["COMPILED", "Neighbours", "nearest", "nearest_by_kin", "nearest_through", "reverse"]

COMPILED = find_spec("numba") is not None
"""Where numba has no wheel, numpy and scipy do the same, slower."""
_LEAST = 1e-6
"""Cosine below which two articles share nothing, whatever the floor."""
_CHUNK = 512
_SPREAD = 8192
"""Articles compared in one task where other machines take part."""
_LOOKED_THROUGH = 8192
"""Rows looked through at a time: what lies between stays small."""
_KIN = 30
"""Kin from which the search for the nearest by expanded words starts."""
_SHARING = 15
"""Of those who have one of these among their own kin, how many are looked at."""
_HOPS = 6
"""Of how many of the nearest found so far the nearest are looked at too."""
_UNKNOWN = np.empty((0, 0), dtype=np.float32)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest of each of n articles.

    Attributes
    ----------
    indices : array of int32, shape (n, k)
        Nearest first, equals in the order of their index; -1 where there are no more.
    cosines : array of float32, shape (n, k)
        0 where there are no more.
    """

    indices: NDArray[np.int32]
    cosines: NDArray[np.float32]

    @classmethod
    def none(cls, n: int, k: int) -> Neighbours:
        """Return n empty lists."""
        return cls(np.full((n, k), -1, dtype=np.int32), np.zeros((n, k), dtype=np.float32))


def nearest(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    k: int,
    floor: float | NDArray[np.floating],
    fresh: NDArray[np.bool_] | None = None,
    threads: int = 1,
    progress: Progress = lambda _: None,
) -> Neighbours:
    """Find the ``k`` nearest articles of each, exactly.

    Parameters
    ----------
    rows : csr_matrix of float32, shape (n, n_words)
        Of length 1, or empty; no weight is negative.
    originals : array of int, shape (n,)
        The copy that stands for each article; others are nobody's neighbour, and it is not its own copies' neighbour.
    k : int
        How many.
    floor : float or array of float, shape (n,)
        Least cosine, itself included; one for all, or each its own.
    fresh : array of bool, shape (n,), optional
        Of two that are compared one is fresh: these meet all, and the others only these; unset: all are.
    threads : int
        Processor threads to use.
    progress : callable
        Called with the number of articles done.
    """
    n = rows.shape[0]
    fresh = np.ones(n, dtype=bool) if fresh is None else fresh
    if not fresh.any():
        return Neighbours.none(n, k)
    least = np.broadcast_to(np.maximum(floor, _LEAST), n).astype(np.float32)
    if _spread():
        return _nearest_spread(rows, originals, k=k, least=least, fresh=fresh, progress=progress)
    return _nearest_here(rows, originals, k=k, least=least, fresh=fresh, threads=threads, progress=progress)


def _spread() -> bool:
    """Tell whether joblib was given an engine of the caller's, such as a cluster of Dask's, to run work on."""
    backend, _ = parallel.get_active_backend()
    return not isinstance(backend, parallel.BACKENDS[parallel.DEFAULT_BACKEND])


def _nearest_here(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    k: int,
    least: NDArray[np.float32],
    fresh: NDArray[np.bool_],
    threads: int = 1,
    progress: Progress = lambda _: None,
) -> Neighbours:
    if not COMPILED:
        return Neighbours(*nearest_dense(rows, originals, k=k, least=least, fresh=fresh, progress=progress))
    from recommender.related.search import search  # noqa: PLC0415 - takes a second

    return Neighbours(*search(rows, originals, k=k, least=least, fresh=fresh, threads=threads, progress=progress))


def _nearest_spread(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    k: int,
    least: NDArray[np.float32],
    fresh: NDArray[np.bool_],
    progress: Progress,
) -> Neighbours:
    """Let the engine compare a strip of the fresh with all at a time; two of them meet once in the strip of each."""
    asked, rest = np.flatnonzero(fresh), np.flatnonzero(~fresh)
    found = Neighbours.none(len(fresh), k)
    strips = np.array_split(asked, range(_SPREAD, len(asked), _SPREAD))
    engine = Parallel(n_jobs=-1, return_as="generator")
    compare = delayed(partial(_nearest_to, k=k, least=least))
    done = 0
    for strip, (near, of_rest) in zip(
        strips, engine(compare(rows, originals, strip, rest) for strip in strips), strict=True
    ):
        found.indices[strip], found.cosines[strip] = near.indices, near.cosines
        indices = np.hstack((found.indices[rest], of_rest.indices))
        cosines = np.hstack((found.cosines[rest], of_rest.cosines))
        order = np.lexsort((indices, -cosines))[:, :k]
        found.indices[rest] = np.take_along_axis(indices, order, axis=1)
        found.cosines[rest] = np.take_along_axis(cosines, order, axis=1)
        done += len(strip)
        progress(len(fresh) * done // len(asked))
    return found


def _nearest_to(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    strip: NDArray[np.integer],
    rest: NDArray[np.integer],
    *,
    k: int,
    least: NDArray[np.float32],
) -> tuple[Neighbours, Neighbours]:
    """Return the nearest of a strip, and those of the rest that are in the strip."""
    fresh = np.zeros(rows.shape[0], dtype=bool)
    fresh[strip] = True
    found = _nearest_here(rows, originals, k=k, least=least, fresh=fresh)
    near, of_rest = (Neighbours(found.indices[some], found.cosines[some]) for some in (strip, rest))
    return near, of_rest


def nearest_through(
    rows: csr_matrix,
    graph: NDArray[np.int32],
    stand_ins: NDArray[np.int64],
    *,
    k: int,
    onward: NDArray[np.int32] | None = None,
    hops: int | None = None,
    known: NDArray[np.float32] = _UNKNOWN,
    threads: int = 1,
    progress: Progress = lambda _: None,
) -> Neighbours:
    """Find the ``k`` nearest of each among those to which a graph leads, and another one from there.

    Parameters
    ----------
    rows : csr_matrix of float32, shape (n, n_words)
        Of length 1, or empty.
    graph : array of int32, shape (n, w)
        -1 where there is none.
    stand_ins : array of int, shape (n,)
        The copy that stands for each article, and is found in its place.
    k : int
        How many.
    onward : array of int32, shape (n, m), optional
        The graph of the second step; unset: the same.
    hops : int, optional
        From how many of its first in the graph a second step is taken; unset: all.
    known : array of float32, shape (n, w), optional
        The cosines of each and those to whom one step leads; NaN where they are not known.
    threads : int
        Processor threads to use.
    progress : callable
        Called with the number of articles done.
    """
    n, hops = rows.shape[0], graph.shape[1] if hops is None else hops
    onward = graph if onward is None else onward
    if not COMPILED:
        steps = (graph, onward, hops)
        return Neighbours(*nearest_masked(rows, steps, stand_ins, k=k, least=_LEAST, progress=progress))
    from recommender.related.compiled import closest_of_candidates  # noqa: PLC0415 - takes a second

    found, stand = Neighbours.none(n, k), stand_ins.astype(np.int32)
    order = _side_by_side(rows) if hops else np.arange(n)  # one step leads to few, whatever the order
    parts = (rows.indptr, rows.indices, rows.data)

    def search(start: int) -> int:
        some = order[start : start + _CHUNK]
        steps = (graph, onward, hops, known, stand)
        closest_of_candidates(parts, rows.shape[1], some, *steps, _LEAST, found.indices, found.cosines)
        return start + len(some)

    with ThreadPoolExecutor(threads) as pool:
        for done in pool.map(search, range(0, n, _CHUNK)):
            progress(done)
    return found


def nearest_by_kin(
    rows: csr_matrix,
    kin: Neighbours,
    stand_ins: NDArray[np.int64],
    *,
    k: int,
    threads: int = 1,
    progress: Progress = lambda _: None,
) -> Neighbours:
    """Find nearly all of the ``k`` nearest by expanded words, in a time that grows as n does.

    Expansion mixes in the words of an article's kin, so that who is near has kin in common with it: its kin and who
    else has them among theirs are looked at, and then once more the nearest of the nearest found.

    Parameters
    ----------
    rows : csr_matrix of float32, shape (n, n_words)
        Expanded, of length 1, or empty.
    kin : Neighbours
        By own words.
    stand_ins, k, threads, progress :
        As for `nearest_through`.
    """
    graph = kin.indices[:, :_KIN]
    first = nearest_through(
        rows,
        graph,
        stand_ins,
        k=k,
        onward=reverse(graph, _SHARING),
        threads=threads,
        progress=lambda done: progress(done * 3 // 4),
    )
    return nearest_through(
        rows,
        first.indices,
        stand_ins,
        k=k,
        hops=_HOPS,
        known=first.cosines,
        threads=threads,
        progress=lambda done: progress((3 * rows.shape[0] + done) // 4),
    )


def _side_by_side(rows: csr_matrix) -> NDArray[np.integer]:
    """Return the rows in an order in which those with one heaviest word follow each other.

    They are near the same others for the most part, whose rows are still in the processor's cache then.
    """
    words = np.full(rows.shape[0], -1)
    for start in range(0, len(words), _LOOKED_THROUGH):
        some = rows[start : start + _LOOKED_THROUGH]
        lengths = np.diff(some.indptr)
        filled = np.flatnonzero(lengths)
        greatest = np.repeat(np.maximum.reduceat(some.data, some.indptr[filled]), lengths[filled])
        heaviest = np.flatnonzero(some.data == greatest)
        words[start + filled] = some.indices[heaviest[np.searchsorted(heaviest, some.indptr[filled])]]
    return np.argsort(words, kind="stable")


def reverse(graph: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    """Return who has each article in a graph, those first that have it first.

    Parameters
    ----------
    graph : array of int32, shape (n, w)
        -1 where there is none.
    width : int
        How many of them at most.

    Returns
    -------
    array of int32, shape (n, width)
        -1 where there are no more.
    """
    n, there = len(graph), graph.T.ravel() >= 0
    # A row for each place of each article, all first places first: turned over, each column is in this order.
    starts = np.concatenate(([0], np.cumsum(there)))
    places = csr_matrix((there[there], graph.T.ravel()[there], starts), shape=(len(there), n)).tocsc()
    counts = np.diff(places.indptr)
    ranks = np.arange(places.nnz) - np.repeat(places.indptr[:-1], counts)
    kept = ranks < width
    found = np.full((n, width), -1, dtype=np.int32)
    found[np.repeat(np.arange(n), counts)[kept], ranks[kept]] = places.indices[kept] % max(1, n)
    return found
