"""The site's tempo: which half-life and which weight of age foretell best what is read in the next hour.

One fixed half-life is wrong somewhere: a portal's articles live for half a day, a front page's for an hour. So the
tempo is chosen from the site's own last days, every night, by replaying them: at each full hour ten articles are listed
from what came before, and the truth is what was read in the hour after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.trending.windows import AUTO, WINDOWS

__all__ = ["DAY_S", "DEFAULT_TEMPO", "HOUR_S", "PAST_S", "TEMPOS", "Hour", "Log", "Tempo", "TempoChoice", "hours"]

HOUR_S = 3600
DAY_S = 86_400

_LISTED = 10
_FEWEST_VIEWS = 20
_FEWEST_ARTICLES = 10
_LOOK_BACK_S = 8 * DAY_S
PAST_S = 14 * DAY_S
"""How far back the past is looked at."""
_FEWEST_HOURS = 24

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tempo:
    """How ``auto`` ranks: by the decayed board of a window, weighed by age.

    Attributes
    ----------
    window : str
        Whose board; its half-life is a quarter of its length.
    age_exponent : float
        In views / (age in hours + 2) ^ exponent.
    """

    window: str
    age_exponent: float


DEFAULT_TEMPO = Tempo(AUTO, 0.5)
TEMPOS = (
    DEFAULT_TEMPO,
    *(
        tempo
        for window in WINDOWS
        for exponent in (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
        if (tempo := Tempo(window, exponent)) != DEFAULT_TEMPO
    ),
)


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
    ages : array of float, shape (c,)
        Hours.
    truth : array of float, shape (c,)
        Views in the hour after.
    tenth, ten : float
        Views of the tenth most read in the hour after, of all articles, and of the ten together.
    """

    now: float
    articles: NDArray[np.int64]
    decayed: dict[str, Floats]
    ages: Floats
    truth: Floats
    tenth: float
    ten: float

    def score(self, tempo: Tempo) -> Floats:
        """Return the trending score of each article at a tempo."""
        score: Floats = self.decayed[tempo.window] / (self.ages + 2) ** tempo.age_exponent
        return score

    def hits(self, score: Floats) -> tuple[float, float]:
        """Return precision at 10 and the share of the true ten's views, of the ten that score best.

        An article is a hit when it is read as often as the tenth; ties in the score are broken by the day's decay.
        """
        best = np.lexsort((self.articles, -self.decayed[AUTO], -score))[:_LISTED]
        return float((self.truth[best] >= self.tenth).sum() / _LISTED), float(self.truth[best].sum() / self.ten)


def hours(log: Log, *, since: float, horizon_s: float = HOUR_S) -> Iterator[Hour]:
    """Yield each full hour (or horizon) from ``since`` on, told by what came before it.

    Left out are those with under 20 views or under 10 viewed articles after them.
    """
    if not len(log.times):
        return
    decayed = {name: np.zeros(len(log.born)) for name in WINDOWS}
    told = 0
    now = before = np.floor(log.times[0] / horizon_s) * horizon_s
    while now + horizon_s <= log.times[-1]:
        seen = int(np.searchsorted(log.times, now))
        new = slice(told, seen)
        for name, window in WINDOWS.items():
            weights = log.counts[new] * 2.0 ** (-(now - log.times[new]) / window.half_life_s)
            decayed[name] *= 2.0 ** (-(now - before) / window.half_life_s)
            decayed[name] += np.bincount(log.articles[new], weights, len(log.born))
        told, before = seen, now
        truth = log.between(now, now + horizon_s)
        if now >= since and truth.sum() >= _FEWEST_VIEWS and np.count_nonzero(truth) >= _FEWEST_ARTICLES:
            recent = slice(int(np.searchsorted(log.times, now - _LOOK_BACK_S)), seen)
            ever = np.argsort(-log.between(0, now), kind="stable")[:_LISTED]
            articles = np.union1d(log.articles[recent], ever[log.born[ever] < now])
            most = np.sort(truth)[::-1][:_LISTED]
            yield Hour(
                now=float(now),
                articles=articles,
                decayed={name: board[articles] for name, board in decayed.items()},
                ages=np.maximum(now - log.born[articles], 0) / HOUR_S,
                truth=truth[articles],
                tenth=float(most[-1]),
                ten=float(most.sum()),
            )
        now += horizon_s


class TempoChoice:
    """Chooses the tempo that foretold best in the fourteen days before.

    What a tempo gains on the default counts less its standard error, so that a site with few views keeps the default.
    """

    def __init__(self) -> None:
        self._moments: list[float] = []
        self._precisions: list[list[float]] = []

    def learn(self, hour: Hour) -> None:
        """Take in an hour that is over."""
        self._moments.append(hour.now)
        self._precisions.append([hour.hits(hour.score(tempo))[0] for tempo in TEMPOS])

    def choose(self, now: float) -> Tempo:
        """Return the tempo for the day that begins ``now``, in Unix seconds, by the hours over before it."""
        moments = np.array(self._moments)
        past = (moments >= now - PAST_S) & (moments < now - HOUR_S + 1)
        if past.sum() < _FEWEST_HOURS:
            return DEFAULT_TEMPO
        gains = np.array(self._precisions)[past]
        gains -= gains[:, :1]
        errors = gains.std(axis=0) / np.sqrt(len(gains))
        return TEMPOS[int((gains.mean(axis=0) - errors).argmax())]
