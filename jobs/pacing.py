"""Pacing: the site's tempo, learned at night from the views of the last month."""

from __future__ import annotations

import numpy as np

from jobs.foretelling import Learner
from recommender.archive import Archive
from recommender.trending.choice import Choice
from recommender.trending.counters import Counters
from recommender.trending.replay import Log, hours
from recommender.trending.tempo import DAY_S, HOUR_S

__all__ = ["learn_tempo"]

_PARTS = 4
"""Moments over which the views of an hour are spread.

Hours that are counted whole do not tell a view a minute old from one an hour old; spread evenly, their views weigh on
the fast boards what they do on average.
"""


def learn_tempo(counters: Counters, archive: Archive, now: float) -> Choice:
    """Learn what foretells best, let ``auto`` stand for it, and return all that was learned.

    Parameters
    ----------
    counters : Counters
        With a job's time budget.
    archive : Archive
        Knows the articles' dates; others' age counts from their first view.
    now : float
        Unix seconds.
    """
    log = _history(counters, archive, now)
    learner = Learner()
    for hour in hours(log, since=log.times[0] + DAY_S if len(log.times) else 0.0):
        learner.learn(hour)
    choice = learner.choose(now, counters.choice())
    counters.set_choice(choice)
    return choice


def _history(counters: Counters, archive: Archive, now: float) -> Log:
    moments: list[float] = []
    ids: list[str] = []
    counts: list[int] = []
    for moment, views in counters.history.hourly(now=now):
        moments += [moment] * len(views)
        ids += views.keys()
        counts += views.values()
    names, places = np.unique(np.array(ids, dtype=np.str_), return_inverse=True)
    middles = np.array(moments, dtype=np.float64)
    spread = HOUR_S * ((np.arange(_PARTS) + 0.5) / _PARTS - 0.5)
    times = (middles[:, None] + spread).ravel()
    order = np.argsort(times, kind="stable")
    born = np.full(len(names), np.inf)
    np.minimum.at(born, places, middles - HOUR_S / 2)
    dates = archive.published([str(name) for name in names])
    return Log(
        times=times[order],
        articles=np.repeat(places.astype(np.int64), _PARTS)[order],
        counts=np.repeat(np.array(counts, dtype=np.float64) / _PARTS, _PARTS)[order],
        born=np.array([dates.get(str(name)) or first for name, first in zip(names, born, strict=True)]),
    )
