"""Replay: at each full hour, what could be known of every article, and what was read in the hour after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.trending.tempo import DAY_S, HOUR_S, Tempo
from recommender.trending.windows import AUTO, HALF_LIFE_SHARE, WINDOWS

__all__ = ["Hour", "Log", "hours"]

_LISTED = 10
_FEWEST_VIEWS = 20
_FEWEST_ARTICLES = 10
_LOOK_BACK_S = 8 * DAY_S

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Log:
    """Views in the order of their time.

    Attributes
    ----------
    times : array of float, shape (v,)
        Unix seconds.
    articles : array of int, shape (v,)
        Index of the article viewed.
    counts : array of float, shape (v,)
        Views at that moment.
    born : array of float, shape (n,)
        Unix second from which each article's age counts.
    """

    times: Floats
    articles: NDArray[np.int64]
    counts: Floats
    born: Floats

    def between(self, start: float, end: float) -> Floats:
        """Return the views of every article from ``start`` on and before ``end``, shape (n,)."""
        part = slice(*np.searchsorted(self.times, (start, end)))
        return np.bincount(self.articles[part], self.counts[part], len(self.born)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Hour:
    """A moment at which ten articles are listed, and what was read in the hour after.

    Attributes
    ----------
    now : float
        Unix seconds.
    articles : array of int, shape (c,)
        Those that could be listed: read in the last eight days, and the ten most read ever.
    decayed : dict of str to array of float, shape (c,)
        Decayed views by window.
    ever : array of float, shape (c,)
        All views so far.
    ages : array of float, shape (c,)
        Hours.
    truth : array of float, shape (c,)
        Views in the hour after.
    tenth, ten : float
        Views of the tenth most read in the hour after, of all articles, and of the ten together.
    telling : bool
        Whether there were 20 views or more of 10 articles or more, so that the ten most read say something.
    """

    now: float
    articles: NDArray[np.int64]
    decayed: dict[str, Floats]
    ever: Floats
    ages: Floats
    truth: Floats
    tenth: float
    ten: float
    telling: bool

    def score(self, tempo: Tempo) -> Floats:
        """Return the trending score of each article at a tempo."""
        return tempo.scores(self.decayed, self.ages, self.now)

    def leaders(self, count: int) -> Hour:
        """Return the same hour with only the articles that are among the ``count`` first of any board."""
        first = [np.argsort(-board, kind="stable")[:count] for board in self.decayed.values()]
        places = np.unique(np.concatenate(first))
        return replace(
            self,
            articles=self.articles[places],
            decayed={name: board[places] for name, board in self.decayed.items()},
            ever=self.ever[places],
            ages=self.ages[places],
            truth=self.truth[places],
        )

    def hits(self, score: Floats) -> tuple[float, float]:
        """Return precision at 10 and the share of the true ten's views, of the ten that score best.

        An article is a hit when it is read as often as the tenth; ties in the score are broken by the day's decay.
        """
        best = np.lexsort((self.articles, -self.decayed[AUTO], -score))[:_LISTED]
        return float((self.truth[best] >= self.tenth).sum() / _LISTED), float(self.truth[best].sum() / self.ten)


def hours(
    log: Log, *, since: float, horizon_s: float = HOUR_S, half_life_share: float = HALF_LIFE_SHARE
) -> Iterator[Hour]:
    """Yield each full hour (or horizon) from ``since`` on that has views after it, told by what came before it."""
    if not len(log.times):
        return
    decayed = {name: np.zeros(len(log.born)) for name in WINDOWS}
    ever, last = np.zeros(len(log.born)), np.full(len(log.born), -np.inf)
    told = 0
    now = before = np.floor(log.times[0] / horizon_s) * horizon_s
    while now + horizon_s <= log.times[-1]:
        seen = int(np.searchsorted(log.times, now))
        new = slice(told, seen)
        for name, window in WINDOWS.items():
            weights = log.counts[new] * 2.0 ** (-(now - log.times[new]) / window.half_life_s(half_life_share))
            decayed[name] *= 2.0 ** (-(now - before) / window.half_life_s(half_life_share))
            decayed[name] += np.bincount(log.articles[new], weights, len(log.born))
        ever += np.bincount(log.articles[new], log.counts[new], len(log.born))
        last[log.articles[new]] = log.times[new]
        told, before = seen, now
        truth = log.between(now, now + horizon_s)
        if now >= since and truth.any():
            known = np.argsort(-ever, kind="stable")[:_LISTED]
            articles = np.union1d(np.flatnonzero(last >= now - _LOOK_BACK_S), known[ever[known] > 0])
            most = np.sort(truth)[::-1][:_LISTED]
            yield Hour(
                now=float(now),
                articles=articles,
                decayed={name: board[articles] for name, board in decayed.items()},
                ever=ever[articles],
                ages=np.maximum(now - log.born[articles], 0) / HOUR_S,
                truth=truth[articles],
                tenth=float(most[-1]),
                ten=float(most.sum()),
                telling=bool(truth.sum() >= _FEWEST_VIEWS and np.count_nonzero(truth) >= _FEWEST_ARTICLES),
            )
        now += horizon_s
