"""Rows into neighbours: the nearest by cosine, in blocks, without ever holding n x n numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from joblib import Parallel, delayed, parallel
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["COMPILED", "Neighbours", "nearest", "nearest_by_kin", "nearest_through"]

COMPILED = find_spec("numba") is not None
"""Where numba has no wheel, numpy and scipy do the same, slower."""
_LEAST = 1e-6
"""Cosine below which two articles share nothing, whatever the floor."""
_CHUNK = 512
_SPREAD = 8192
"""Articles compared in one task where other machines take part."""
_KIN = 20
"""Kin from which the search for the nearest by expanded words starts."""
_REVERSE = 15
"""Articles, beside these, that have an article among their own first kin."""
_HOPS = 10
"""Of how many of the nearest found so far the nearest are looked at too."""
_UNKNOWN = np.empty((0, 0), dtype=np.float32)
_DENSE_CELLS = 32_000_000
"""Cells of the dense block that scipy's way needs: 128 MB."""

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
    of: NDArray[np.integer] | None = None,
    among: NDArray[np.integer] | None = None,
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
    floor : float or array of float, shape (n_asked,)
        Least cosine, itself included; one for all, or each its own.
    of, among : array of int, optional
        Places of the articles whose neighbours are asked for, and of those that may be neighbours; unset: all.
    threads : int
        Processor threads to use.
    progress : callable
        Called with the number of articles done.

    Returns
    -------
    Neighbours
        Of those asked for, in their order.
    """
    every = np.arange(rows.shape[0])
    listed = np.flatnonzero(originals == every) if among is None else among[originals[among] == among]
    asked = every if of is None else of
    least = np.broadcast_to(np.maximum(floor, _LEAST), len(asked)).astype(np.float32)
    if _spread():
        return _nearest_spread(rows, originals, asked=asked, listed=listed, k=k, least=least, progress=progress)
    search_among = partial(_nearest_among, rows, originals, listed=listed, k=k, threads=threads)
    if not COMPILED or of is not None or among is not None:
        return search_among(asked=asked, least=least, progress=progress)
    from recommender.related.search import Search  # noqa: PLC0415 - takes a second

    found = Neighbours.none(len(asked), k)
    search = Search(rows, listed, listed, k, least[listed])
    search.among_themselves(threads, progress)
    found.indices[listed], found.cosines[listed] = search.results()
    rest = np.flatnonzero(originals != every)
    more = search_among(asked=rest, least=least[rest], progress=lambda done: progress(len(listed) + done))
    found.indices[rest], found.cosines[rest] = more.indices, more.cosines
    return found


def _spread() -> bool:
    """Tell whether joblib was given an engine of the caller's, such as a cluster of Dask's, to run work on."""
    backend, _ = parallel.get_active_backend()
    return not isinstance(backend, parallel.BACKENDS[parallel.DEFAULT_BACKEND])


def _nearest_spread(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    asked: NDArray[np.integer],
    listed: NDArray[np.integer],
    k: int,
    least: NDArray[np.float32],
    progress: Progress,
) -> Neighbours:
    """Let the engine compare a strip of articles at a time; each of two that are listed meets the other by itself."""
    strips = np.array_split(asked, range(_SPREAD, len(asked), _SPREAD))
    found, start = Neighbours.none(len(asked), k), 0
    engine = Parallel(n_jobs=-1, return_as="generator")
    search = partial(_nearest_among, listed=listed, k=k)
    leasts = np.array_split(least, range(_SPREAD, len(asked), _SPREAD))
    tasks = zip(strips, leasts, strict=True)
    for some in engine(delayed(search)(rows, originals, asked=strip, least=limits) for strip, limits in tasks):
        stop = start + len(some.indices)
        found.indices[start:stop], found.cosines[start:stop] = some.indices, some.cosines
        progress(stop)
        start = stop
    return found


def _nearest_among(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    asked: NDArray[np.integer],
    listed: NDArray[np.integer],
    k: int,
    least: NDArray[np.float32],
    threads: int = 1,
    progress: Progress = lambda _: None,
) -> Neighbours:
    """Compare each that is asked for with all that may be listed."""
    if not COMPILED:
        return _nearest_dense(rows, originals, asked=asked, listed=listed, k=k, least=least, progress=progress)
    from recommender.related.search import Search  # noqa: PLC0415 - takes a second

    search = Search(rows, asked, originals[asked], k, least)
    search.among(listed, threads, progress)
    return Neighbours(*search.results())


def nearest_through(
    rows: csr_matrix,
    graph: NDArray[np.int32],
    stand_ins: NDArray[np.int64],
    *,
    k: int,
    hops: int | None = None,
    known: NDArray[np.float32] = _UNKNOWN,
    threads: int = 1,
    progress: Progress = lambda _: None,
) -> Neighbours:
    """Find the ``k`` nearest of each among those to which a graph leads in one or two steps.

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
    hops : int, optional
        Of how many of its first in the graph a second step is taken; unset: all.
    known : array of float32, shape (n, w), optional
        The cosines of each and those to whom one step leads, where they are known already.
    threads : int
        Processor threads to use.
    progress : callable
        Called with the number of articles done.
    """
    n, hops = rows.shape[0], graph.shape[1] if hops is None else hops
    if not COMPILED:
        return _nearest_masked(rows, graph, stand_ins, k=k, hops=hops, progress=progress)
    from recommender.related.compiled import closest_of_candidates  # noqa: PLC0415 - takes a second

    found, stand, order = Neighbours.none(n, k), stand_ins.astype(np.int32), _side_by_side(rows)

    def search(start: int) -> int:
        some = order[start : start + _CHUNK]
        parts = (rows.indptr, rows.indices, rows.data, rows.shape[1])
        closest_of_candidates(*parts, some, graph, hops, known, stand, _LEAST, found.indices, found.cosines)
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

    Expansion mixes in the words of an article's kin, so that who is near is near its kin: what kin lead to in two
    steps, either way, is looked at, and then once more what those lead to.

    Parameters
    ----------
    rows : csr_matrix of float32, shape (n, n_words)
        Expanded, of length 1, or empty.
    kin : Neighbours
        By own words.
    stand_ins, k, threads, progress :
        As for `nearest_through`.
    """
    graph = np.hstack((kin.indices[:, :_KIN], _reverse(kin.indices[:, :_KIN], _REVERSE)))
    first = nearest_through(rows, graph, stand_ins, k=k, threads=threads, progress=lambda done: progress(done * 3 // 4))
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
    lengths = np.diff(rows.indptr)
    filled, words = np.flatnonzero(lengths), np.full(len(lengths), -1)
    greatest = np.repeat(np.maximum.reduceat(rows.data, rows.indptr[filled]), lengths[filled])
    heaviest = np.flatnonzero(rows.data == greatest)
    words[filled] = rows.indices[heaviest[np.searchsorted(heaviest, rows.indptr[filled])]]
    return np.argsort(words, kind="stable")


def _reverse(graph: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    """Return who has each article among its nearest, those first that have it first, in a graph of that width."""
    there = graph >= 0
    ones, places = np.nonzero(there)
    others = graph[there]
    order = np.lexsort((ones, places, others))
    ones, others = ones[order], others[order]
    ranks = np.arange(len(others)) - np.searchsorted(others, others)
    reverse = np.full((len(graph), width), -1, dtype=np.int32)
    kept = ranks < width
    reverse[others[kept], ranks[kept]] = ones[kept]
    return reverse


def _nearest_dense(
    rows: csr_matrix,
    originals: NDArray[np.int64],
    *,
    asked: NDArray[np.integer],
    listed: NDArray[np.integer],
    k: int,
    least: NDArray[np.float32],
    progress: Progress,
) -> Neighbours:
    columns, found = rows[listed].T.tocsr(), Neighbours.none(len(asked), k)
    for block in _blocks_of(len(asked), len(listed)):
        some = asked[block]
        product = (rows[some] @ columns).toarray()
        product[originals[some, None] == listed] = 0
        _keep_best(product, listed, least[block, None], found, block)
        progress(block.stop)
    return found


def _nearest_masked(
    rows: csr_matrix, graph: NDArray[np.int32], stand_ins: NDArray[np.int64], *, k: int, hops: int, progress: Progress
) -> Neighbours:
    n = rows.shape[0]
    steps, firsts = _adjacency(graph), _adjacency(graph[:, :hops])
    found, every = Neighbours.none(n, k), np.arange(n)
    standing = csr_matrix((np.ones(n, dtype=np.float32), (every, stand_ins)), shape=(n, n))
    for block in _blocks_of(n, n):
        reached = ((steps[block] + firsts[block] @ steps) @ standing).toarray() > 0
        reached[stand_ins[block, None] == every] = False
        product = np.where(reached, (rows[block] @ rows.T).toarray(), 0)
        _keep_best(product, every, _LEAST, found, block)
        progress(block.stop)
    return found


def _adjacency(graph: NDArray[np.int32]) -> csr_matrix:
    there = graph >= 0
    starts = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    return csr_matrix((np.ones(there.sum(), dtype=np.float32), graph[there], starts), shape=(len(graph),) * 2)


def _blocks_of(n: int, width: int) -> Iterator[slice]:
    size = max(1, min(1024, _DENSE_CELLS // max(1, width)))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def _keep_best(
    product: NDArray[np.float32],
    columns: NDArray[np.integer],
    least: float | NDArray[np.float32],
    found: Neighbours,
    block: slice,
) -> None:
    k = min(found.indices.shape[1], product.shape[1])
    if not k:
        return
    # Of the negated values: argpartition from the other end is 20 times slower on rows full of zeros.
    best = np.argpartition(-product, k - 1, axis=1)[:, :k]
    near = np.take_along_axis(product, best, axis=1)
    order = np.lexsort((best, -near))
    best, near = np.take_along_axis(best, order, axis=1), np.take_along_axis(near, order, axis=1)
    found.indices[block, :k] = np.where(near >= least, columns[best], -1)
    found.cosines[block, :k] = np.where(near >= least, near, 0)
